"""Files of text as programs leave them: packed with gzip, with a byte order mark, in an old encoding, cut off."""

from __future__ import annotations

import codecs
import gzip
import io
import json
import zlib
from collections.abc import Iterable, Iterator
from functools import lru_cache
from pathlib import Path
from typing import Any, BinaryIO, TextIO, cast

from cockpit.importers.contract import HEAD_BYTES, Source

LONGEST_LINE = 1 << 24  # characters; a longer line is handed out in pieces, none of which will be understood
LARGEST_DOCUMENT = 1 << 28  # characters of a JSON document, which stands in memory as a whole
CUT_OFF = "the packed file is cut off here"

_PIECE = 1 << 20  # characters that are read at once
_GZIP = b"\x1f\x8b"
_UTF_16 = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
_UTF_8_MARK = "\ufeff"


class DocumentError(Exception):
    """The file is no JSON document, or too large to be read as one."""


@lru_cache(maxsize=8)
def beginning(source: Source) -> str:
    """The complete lines at the beginning of a file, or all of a short one; empty for a folder and binary data."""
    head = source.head
    if head.startswith(_GZIP):
        head = _unpacked(head)
    if head.startswith(_UTF_16):
        text = head.decode("utf-16", "replace")
    elif b"\0" in head:
        return ""
    else:
        text = _decoded(head.decode("utf-8", "surrogateescape")).removeprefix(_UTF_8_MARK)
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    return text[: text.rfind("\n") + 1] or text if len(source.head) == HEAD_BYTES else text


def lines(path: Path) -> Iterator[tuple[int, str]]:
    """Every line with its number, from 1, without its end. Raises `OSError`."""
    with path.open("rb") as file, _text_of(file) as text:
        number = 0
        try:
            while line := text.readline(LONGEST_LINE):
                number += 1
                yield number, _decoded(line.rstrip("\n"))
        except (EOFError, zlib.error, gzip.BadGzipFile):
            yield number + 1, CUT_OFF


class Count:
    """Knows how many lines have been read."""

    def __init__(self) -> None:
        self.last = 0

    def over(self, numbered: Iterable[tuple[int, str]]) -> Iterator[tuple[int, str]]:
        """The same lines."""
        for self.last, text in numbered:
            yield self.last, text


def document(path: Path) -> Any:
    """What a JSON file holds. Raises `OSError` and `DocumentError`."""
    try:
        with path.open("rb") as file, _text_of(file) as text:
            whole = _whole(text)
    except (EOFError, zlib.error, gzip.BadGzipFile):
        raise DocumentError(CUT_OFF) from None
    if len(whole) > LARGEST_DOCUMENT:
        raise DocumentError(f"a JSON document of more than {LARGEST_DOCUMENT >> 20} MiB is not read")
    return parsed(_decoded(whole))


def _whole(text: TextIO) -> str:
    """All of a text, or somewhat more than is read as one document."""
    pieces: list[str] = []
    size = 0
    while size <= LARGEST_DOCUMENT and (piece := text.read(_PIECE)):
        pieces.append(piece)
        size += len(piece)
    return "".join(pieces)


def parsed(text: str | bytes) -> Any:
    """The value of a JSON text. Raises `DocumentError`."""
    try:
        return json.loads(text)
    except (ValueError, RecursionError) as error:
        raise DocumentError(f"no JSON: {error}") from None


def _text_of(file: BinaryIO) -> TextIO:
    magic = file.read(2)
    file.seek(0)
    data = cast(BinaryIO, gzip.GzipFile(fileobj=file)) if magic == _GZIP else file
    mark = _first_two(data)
    data.seek(0)
    if mark in _UTF_16:
        return io.TextIOWrapper(data, "utf-16", errors="replace")
    return io.TextIOWrapper(data, "utf-8-sig", errors="surrogateescape")


def _first_two(data: BinaryIO) -> bytes:
    try:
        return data.read(2)
    except (EOFError, zlib.error, gzip.BadGzipFile):
        return b""  # the first line says so


def _decoded(text: str) -> str:
    """`text`, with bytes that are no UTF-8 read as Latin-1."""
    if text.isascii():
        return text
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        return text.encode("utf-8", "surrogateescape").decode("latin-1")
    return text


def _unpacked(head: bytes) -> bytes:
    try:
        return zlib.decompressobj(wbits=31).decompress(head, HEAD_BYTES)
    except zlib.error:
        return b""
