"""Checksums of prepared files, in the format of the `sha256sum` command, and whether a file still has its own."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from pathlib import Path

from trainers.contract import InputError

NAME = "SHA256SUMS"
_LINE = re.compile(r"([0-9a-f]{64}) [ *](.+)")


def sha256(path: Path) -> str:
    """64 hexadecimal digits."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def write_checksums(folder: Path, names: Sequence[str]) -> None:
    """Writes those of these files beside them."""
    lines = [f"{sha256(folder / name)}  {name}\n" for name in sorted(names)]
    (folder / NAME).write_text("".join(lines), encoding="utf-8")


def verify(path: Path) -> Path:
    """The path itself. Raises `InputError` when the checksum that stands beside the file is of something else."""
    beside = path.with_name(NAME)
    if beside.is_file():
        try:
            lines = map(_LINE.fullmatch, beside.read_text(encoding="utf-8").splitlines())
            known = {line[2]: line[1] for line in lines if line}
            if path.name in known and known[path.name] != sha256(path):
                raise InputError(
                    f"{path} is not what {NAME} says: torn or changed since it was prepared; copy or prepare it again, "
                    f"or remove {NAME}"
                )
        except (OSError, UnicodeDecodeError) as error:
            raise InputError(f"{beside} cannot be read: {' '.join(str(error).split())}; remove it") from error
    return path
