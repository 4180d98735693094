"""Picture files decoded once for all trainings with the same image size."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import PIL
import torch
from numpy.typing import NDArray
from torch import Tensor

from trainers.data.cache import Cache
from trainers.data.images import square

KIND = "pictures"
# Another number for every change of `square`.
VERSION = 1
AT_ONCE = 256  # pictures in memory while they are decoded


def decoded(images: Sequence[Path] | Sequence[NDArray[np.uint8]], size: int, cache: Cache) -> Tensor | None:
    """All of these files from the cache, uint8 (pictures, 3, size, size), decoded into it first if need be.

    They are mapped, so what does not fit into memory is read from the disk as it is looked at. None where they are no
    files, and where the cache does not take them. Raises `InputError` naming a file that cannot be read.
    """
    files = [image for image in images if isinstance(image, Path)]
    if not files or len(files) < len(images) or not cache.is_on:
        return None
    identity = VERSION, PIL.__version__, size, [_identity(file) for file in files]
    found = cache.load(identity)
    if found is None:
        parts = _parts(files, size)
        found = cache.load(identity) if cache.store_parts(identity, (len(files), 3, size, size), "u1", parts) else None
    return None if found is None else torch.from_numpy(found)


def _parts(files: Sequence[Path], size: int) -> Iterator[NDArray[np.uint8]]:
    for first in range(0, len(files), AT_ONCE):
        yield np.stack([square(file, size) for file in files[first : first + AT_ONCE]])


def _identity(file: Path) -> tuple[str, int, int]:
    """Path, size and time of change: reason enough to think that a file is as it was. Zeros where there is none."""
    path = file.absolute()
    try:
        state = path.stat()
    except OSError:
        return str(path), 0, 0
    return str(path), state.st_size, state.st_mtime_ns
