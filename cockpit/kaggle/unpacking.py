"""Unpacks zip archives from outside: below one folder, no links, no more than fits, each file whole or not at all."""

from __future__ import annotations

import hashlib
import shutil
import stat
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from cockpit.events.text import one_line
from cockpit.kaggle.errors import GarbledError, RefusedError
from cockpit.kaggle.places import inside
from cockpit.kaggle.sums import sha256
from cockpit.kaggle.transfer import PART, PIECE

ENDING = ".zip"
ROOM = 256 << 20  # bytes that stay free on the disk


@dataclass(frozen=True)
class Made:
    """A file that was unpacked, by its path below the data folder."""

    name: str
    size: int
    sha256: str


def unpack(archive: Path, folder: Path) -> list[Made]:
    """Unpack a whole archive that lies in `folder` or below it, beside itself.

    Files that are there already, to the last bit, are not written again.
    Where the archive of `train_images.zip` has no folder of that name in it, the files go into one; a table by itself,
    such as `train.csv.zip`, lies where its archive does. Raises `RefusedError` for an archive with a place outside of
    its folder, a link or more than fits on the disk, before anything is written, and `GarbledError` for a torn one.
    """
    try:
        with zipfile.ZipFile(archive) as opened:
            members = [member for member in opened.infolist() if not member.is_dir()]
            home = archive.parent / _home(archive, [member.filename for member in members])
            paths = [_place(home, member) for member in members]
            _refuse_more_than_fits(archive, folder, members)
            return [_extract(opened, member, path, folder) for member, path in zip(members, paths, strict=True)]
    except (zipfile.BadZipFile, zlib.error, EOFError, RuntimeError, NotImplementedError) as error:
        raise GarbledError(f"{archive}: is no whole zip archive ({one_line(str(error), 80)}); fetch it again") from None


def _home(archive: Path, names: list[str]) -> str:
    stem = archive.name.removesuffix(ENDING)
    alone = len(names) == 1 and Path(names[0]).stem == Path(stem).stem
    return "" if alone or all(name.startswith(f"{stem}/") for name in names) else stem


def _place(home: Path, member: zipfile.ZipInfo) -> Path:
    if stat.S_ISLNK(member.external_attr >> 16):
        raise RefusedError(f"{one_line(member.filename, 80)}: is a link in an archive; nothing was unpacked")
    return inside(home, member.filename)


def _refuse_more_than_fits(archive: Path, folder: Path, members: list[zipfile.ZipInfo]) -> None:
    size, free = sum(member.file_size for member in members), shutil.disk_usage(folder).free - ROOM
    if size > free:
        raise RefusedError(f"{archive}: unpacks to {size:,} bytes, and {max(0, free):,} are free; make room")


def _extract(opened: zipfile.ZipFile, member: zipfile.ZipInfo, path: Path, folder: Path) -> Made:
    name = path.relative_to(folder).as_posix()
    if path.is_file() and path.stat().st_size == member.file_size and _crc(path) == member.CRC:
        return Made(name, member.file_size, sha256(path))
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(path.name + PART)
    digest, size = hashlib.sha256(), 0
    # The archive's reader checks each file against its checksum, and gives no more bytes than it announced.
    with opened.open(member) as source, part.open("wb") as target:
        while piece := source.read(PIECE):
            digest.update(piece)
            size += len(piece)
            target.write(piece)
    part.replace(path)
    return Made(name, size, digest.hexdigest())


def _crc(path: Path) -> int:
    value = 0
    for piece in _pieces(path):
        value = zlib.crc32(piece, value)
    return value


def _pieces(path: Path) -> Iterator[bytes]:
    with path.open("rb") as file:
        while piece := file.read(PIECE):
            yield piece
