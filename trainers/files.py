"""Files that are either wholly there or not there at all."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO


def write_atomically(path: str | Path, write: Callable[[BinaryIO], object]) -> None:
    """Lets `write` fill a temporary file beside `path` and puts it in place only when it is safely on disk.

    A reader sees the former file or the new one, also after a power cut. Raises `OSError` when the disk refuses.
    """
    target = Path(path)
    target.parent.mkdir(parents=True, exist_ok=True)

    def write_to_disk(stream: BinaryIO) -> None:
        write(stream)
        stream.flush()
        os.fsync(stream.fileno())

    write_whole(target, write_to_disk)
    _sync_folder(target.parent)


def write_whole(target: Path, write: Callable[[BinaryIO], object]) -> None:
    """The same without a wait for the disk, for what a power cut may take: readers see nothing that is half written."""
    # Trials in containers may have one number and one disk.
    part = target.with_name(f".{target.name}.{os.getpid()}-{os.urandom(4).hex()}.part")
    try:
        with part.open("wb") as stream:
            write(stream)
        part.replace(target)
    except BaseException:
        part.unlink(missing_ok=True)
        raise


def _sync_folder(folder: Path) -> None:
    """The rename itself reaches the disk only with the folder's own entry."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
