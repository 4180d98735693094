"""The bytes of a text file as programs print them: unpacked, in UTF-8, with `\\n` where other systems end lines with a
return, and without NULs. Memory stays bounded whatever the length of the lines.
"""

from __future__ import annotations

import codecs
import io
import re
import zlib
from collections.abc import Iterator
from itertools import chain
from pathlib import Path
from typing import BinaryIO

from cockpit.importers.contract import Source

BLOCK = 1 << 20
_GZIP = b"\x1f\x8b"
_MARKS = (
    (codecs.BOM_UTF32_LE, "utf-32-le"), (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"), (codecs.BOM_UTF16_BE, "utf-16-be"),
    (codecs.BOM_UTF8, ""),
)  # fmt: skip
_CONTROLS = bytes(set(range(32)) - set(b"\t\n\r\x08\x0c\x1b\0"))  # what no program prints into a log
_OF_UTF8 = re.compile(rb"[\xc2-\xf4][\x80-\xbf]")
_MOST_CONTROLS = 0.02
_FEW_RETURNS = 2


def head_text(source: Source) -> bytes:
    """The beginning of a file as text; empty for a folder and for what is no text."""
    if source.is_folder or not source.head:
        return b""
    head = b"".join(plain(io.BytesIO(source.head)))
    strange = len(head) - len(head.translate(None, _CONTROLS))
    return head if strange <= _MOST_CONTROLS * len(head) else b""


def blocks(path: Path) -> Iterator[bytes]:
    """The whole file as text, block by block. Raises `OSError`; a packed file that breaks off ends there."""
    with path.open("rb", buffering=0) as file:
        yield from plain(file)


def plain(file: BinaryIO | io.RawIOBase) -> Iterator[bytes]:
    """What a file holds, unpacked and decoded, in blocks of about a megabyte."""
    raw = iter(lambda: file.read(BLOCK) or b"", b"")
    first = next(raw, b"")
    if first.startswith(_GZIP):
        raw = _unpacked(chain((first,), raw))
        first = next(raw, b"")
    mark, encoding = next(((mark, name) for mark, name in _MARKS if first.startswith(mark)), (b"", ""))
    encoding = encoding or ("cp1252" if _is_western(first) else "")
    decode = codecs.getincrementaldecoder(encoding)("replace").decode if encoding else None
    returns: bool | None = None
    for block in chain((first[len(mark) :],), raw):
        text = decode(block).encode("utf-8", "replace") if decode else block
        if b"\0" in text:
            text = text.replace(b"\0", b"")
        if returns is None:
            returns = _ends_with_returns(text)
        yield text.replace(b"\r", b"\n") if returns else text


def _is_western(text: bytes) -> bool:
    """Whether letters beyond ASCII are single bytes, as Windows writes them; nothing of it would be UTF-8."""
    return not text.isascii() and _OF_UTF8.search(text) is None


def _unpacked(packed: Iterator[bytes]) -> Iterator[bytes]:
    unpacker = zlib.decompressobj(wbits=31)
    try:
        for data in packed:
            while data:
                yield unpacker.decompress(data, BLOCK)
                data = unpacker.unconsumed_tail
                if unpacker.eof:  # several may follow each other in one file
                    data, unpacker = unpacker.unused_data, zlib.decompressobj(wbits=31)
    except zlib.error:
        return  # it is damaged from here on


def _ends_with_returns(text: bytes) -> bool:
    """Whether lines end in `\\r` alone. Progress bars do that too, but not from the first line to the last."""
    return b"\n" not in text and text.count(b"\r") >= _FEW_RETURNS and b"%|" not in text and b"it/s" not in text
