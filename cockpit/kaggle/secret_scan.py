"""Looks for secrets in what is about to leave this machine. A private dataset leaves it too."""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import IO

from cockpit.events.redaction import secrets_in
from cockpit.store.folder import FolderError

PIECE = 1 << 20
OVERLAP = 4096  # bytes that pieces share, so that no secret falls between two
LARGEST_MEMBER = 16 << 20  # bytes of a file in an archive that is looked at; larger ones are tensors
_WORDS = re.compile(rb"[\x09\x0a\x0d\x20-\x7e]{8,}")


def refuse_secrets(paths: Iterable[Path]) -> None:
    """Raise `FolderError` where a file, its name, or a file in an archive such as a checkpoint holds a secret."""
    found = [f"{path}: {', '.join(kinds)}" for path in paths if (kinds := secrets_of(path))]
    if found:
        more = f" and {len(found) - 3} more files" if len(found) > 3 else ""
        raise FolderError(f"there are secrets in {'; '.join(found[:3])}{more}; take them out, nothing was uploaded")


def secrets_of(path: Path) -> list[str]:
    """The kinds of secrets in a file, each once; what is readable in it counts, whatever kind of file it is."""
    kinds = dict.fromkeys(secrets_in(path.name))
    try:
        for text in _texts(path):
            kinds |= dict.fromkeys(secrets_in(text))
    except (OSError, zipfile.BadZipFile, RuntimeError, NotImplementedError) as error:
        raise FolderError(f"{path}: cannot be looked through ({error}); nothing was uploaded") from None
    return list(kinds)


def _texts(path: Path) -> Iterator[str]:
    if not zipfile.is_zipfile(path):
        with path.open("rb") as file:
            yield from _pieces(file)
        return
    with zipfile.ZipFile(path) as archive:
        for member in archive.infolist():
            yield member.filename
            if member.file_size <= LARGEST_MEMBER and not member.is_dir():
                with archive.open(member) as file:
                    yield from _pieces(io.BytesIO(file.read()))


def _pieces(file: IO[bytes]) -> Iterator[str]:
    """What is readable in a file, piece by piece."""
    rest = b""
    while piece := file.read(PIECE):
        yield b"\n".join(_WORDS.findall(rest + piece)).decode("ascii")
        rest = piece[-OVERLAP:]
