"""Arrays in files, so that what was decoded or made of texts once is there for every training with the same settings.

A file is named by a digest of everything that its contents follow from, and is put in place whole, so trials may write
at the same time, and nobody asks whether it is out of date. No torch here.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import time
import warnings
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import BinaryIO

import numpy as np
from numpy.typing import DTypeLike, NDArray

from trainers.files import write_atomically

NONE = "none"
# Files of one kind take this much of the disk; those that were not read for the longest time make room for new ones.
LIMIT_BYTES = 2**35
# A folder is looked through again after so much has been written to it.
LOOK_BYTES = LIMIT_BYTES // 32
# No file takes more than this share of what is free.
SHARE_OF_FREE = 0.5
# A file that is read is dated anew where it was not within so many seconds; parts as old as that are abandoned.
STALE_SECONDS = 86_400.0


def cache_folder(chosen: str, kind: str) -> Path | None:
    """The folder for files of this kind in the one that was chosen, in the user's own for an empty name, or none."""
    if chosen.strip().lower() == NONE:
        return None
    if chosen:
        return Path(chosen) / kind
    base = os.environ.get("XDG_CACHE_HOME", "")
    # The specification has relative paths ignored.
    return (Path(base) if base and Path(base).is_absolute() else Path.home() / ".cache") / "cockpit" / kind


class Cache:
    """Arrays by their identity: any value whose `repr` says all that they follow from, a version of the code included.

    Without a folder, and where that cannot be written, nothing is found and nothing is kept; the latter is said once.
    """

    def __init__(self, folder: Path | None, limit: int = LIMIT_BYTES) -> None:
        self._folder = folder
        self._limit = limit
        self._unseen: int | None = None  # bytes written since the folder was looked through; None before the first
        self._takes = folder is not None

    @classmethod
    def of(cls, chosen: str, kind: str) -> Cache:
        """The cache of one kind, as the setting `cache` has it."""
        return cls(cache_folder(chosen, kind))

    @property
    def is_on(self) -> bool:
        return self._folder is not None

    def load(self, identity: object) -> NDArray[np.generic] | None:
        """The array, mapped and not read into memory; None where it is not there, or its file is not whole."""
        if self._folder is None:
            return None
        place = self._place(identity)
        try:
            # Copies on writing, which nobody does: torch warns of memory that it must not write to.
            found: NDArray[np.generic] = np.load(place, mmap_mode="c", allow_pickle=False)
            if time.time() - place.stat().st_mtime > STALE_SECONDS:
                os.utime(place)
        except (OSError, ValueError, EOFError):
            return None
        return found

    def store(self, identity: object, array: NDArray[np.generic]) -> bool:
        """Keeps an array, and says whether it did."""
        return self.store_parts(identity, array.shape, array.dtype, (array,))

    def store_parts(
        self, identity: object, shape: tuple[int, ...], dtype: DTypeLike, parts: Iterable[NDArray[np.generic]]
    ) -> bool:
        """The same with an array of this shape that comes in parts, one after the other along its first axis."""
        if self._folder is None or not self._takes:
            return False

        def write(stream: BinaryIO) -> None:
            header = {"descr": np.lib.format.dtype_to_descr(np.dtype(dtype)), "fortran_order": False, "shape": shape}
            np.lib.format.write_array_header_2_0(stream, header)
            for part in parts:
                stream.write(np.ascontiguousarray(part, dtype).data)

        size = int(np.dtype(dtype).itemsize * np.prod(shape, dtype=np.int64))
        try:
            self._make_room(self._folder, size)
            write_atomically(self._place(identity), write)
        except OSError as error:
            self._takes = False
            reason = error.strerror or " ".join(str(error).split())
            text = f"nothing more is kept in the cache {self._folder} ({reason}); training goes on without it"
            warnings.warn(text, RuntimeWarning, stacklevel=2)
            return False
        return True

    def _place(self, identity: object) -> Path:
        assert self._folder is not None
        name = hashlib.sha256(repr(identity).encode(errors="surrogatepass")).hexdigest()[:40]
        return self._folder / name[:2] / f"{name}.npy"

    def _make_room(self, folder: Path, size: int) -> None:
        """Raises `OSError` where there is none."""
        folder.mkdir(parents=True, exist_ok=True)
        free = shutil.disk_usage(folder).free
        if size > self._limit or size > SHARE_OF_FREE * free:
            raise OSError(f"{size / 2**30:.1f} GiB are too much, {free / 2**30:.1f} are free")
        if self._unseen is None or self._unseen + size > LOOK_BYTES:
            _trim(folder, self._limit - size)
            self._unseen = 0
        self._unseen += size


def _trim(folder: Path, limit: int) -> None:
    """Removes what was not read for the longest time until the rest takes no more than `limit` bytes."""
    found = sorted(_files(folder), key=lambda file: file[0])
    total = sum(size for _, size, _ in found)
    for when, size, path in found:
        is_part = path.suffix == ".part" and time.time() - when > STALE_SECONDS
        if is_part or (total > limit and path.suffix == ".npy"):
            # Whoever has it mapped still has it.
            path.unlink(missing_ok=True)
            total -= size


def _files(folder: Path) -> Iterator[tuple[float, int, Path]]:
    """When it was read last, size and path of everything that was written here."""
    for path in folder.glob("??/*"):
        try:
            state = path.lstat()
        except OSError:  # another process was faster
            continue
        yield state.st_mtime, state.st_size, path
