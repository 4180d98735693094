"""Files by name, in a folder, or in the zip archives that lie in it: found wherever they are, and read as lines."""

from __future__ import annotations

import io
import zipfile
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from trainers.contract import InputError


@dataclass(frozen=True)
class Source:
    """A file in the archive `archive`, where it is called `member`, or, without one, the file `path` itself."""

    path: Path
    member: str = ""

    def __str__(self) -> str:
        return f"{self.path}:{self.member}" if self.member else str(self.path)

    def lines(self) -> Iterator[str]:
        """Its lines in UTF-8, with their ends. Raises `InputError` when it is torn or no text."""
        try:
            if self.member:
                with zipfile.ZipFile(self.path) as archive, archive.open(self.member) as stream:
                    yield from io.TextIOWrapper(stream, encoding="utf-8-sig", newline="\n")
            else:
                with self.path.open(encoding="utf-8-sig", newline="\n") as text:
                    yield from text
        except (OSError, ValueError, RuntimeError, zipfile.BadZipFile, zlib.error, EOFError) as error:
            raise InputError(f"{self} cannot be read: {' '.join(str(error).split())}; fetch it again") from error


def members(path: Path, is_wanted: Callable[[str], bool]) -> dict[str, Source]:
    """The wanted files in a zip archive by their name without folders. Nothing is written anywhere.

    Raises `InputError` for what is no zip archive, for one with two wanted files of one name, and for one that has a
    file which would be put outside the folder that it is unpacked in: whoever made it means no good.
    """
    found: dict[str, Source] = {}
    try:
        with zipfile.ZipFile(path) as archive:
            names = archive.namelist()
    except (OSError, zipfile.BadZipFile) as error:
        raise InputError(f"{path} is no whole zip archive ({' '.join(str(error).split())}); fetch it again") from error
    for name in names:
        parts = PurePosixPath(name.replace("\\", "/"))
        if parts.is_absolute() or ".." in parts.parts or ":" in "".join(parts.parts[:1]):
            raise InputError(f"{path} has a file {name[:80]!r} outside of its folder; fetch the archive again")
        if is_wanted(parts.name) and not name.endswith("/"):
            if parts.name in found:
                raise InputError(f"{path} has two files {parts.name}: {found[parts.name].member} and {name}")
            found[parts.name] = Source(path, name)
    return found
