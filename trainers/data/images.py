"""Pictures as square uint8 arrays, and whether picture files are whole. Nothing here imports torch."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from trainers.contract import InputError

# Full decoding finds every damage and takes a few milliseconds a picture; larger sets are decoded where the end of
# the file looks wrong.
DECODE_ALL = 2_000
_BROKEN = (OSError, ValueError, SyntaxError, EOFError, Image.DecompressionBombError)
_ENDS = {"JPEG": b"\xff\xd9", "PNG": b"IEND"}


def square(picture: Path | NDArray[np.uint8], size: int) -> NDArray[np.uint8]:
    """The whole picture, squeezed to (3, size, size); grey ones get three equal channels. Raises `InputError`."""
    if isinstance(picture, np.ndarray):
        return _squeeze(Image.fromarray(picture), size)
    try:
        with Image.open(picture) as opened:
            # JPEG decodes several times faster to a coarser grid that is still at least as fine as needed.
            opened.draft("RGB", (size, size))
            return _squeeze(opened, size)
    except _BROKEN as error:
        raise InputError(f"image {picture} cannot be read: {_reason(error)}; replace or remove it") from error


def check_images(images: Sequence[Path] | Sequence[NDArray[np.uint8]]) -> None:
    """Raises `InputError` when files are missing, no images, or cut short. Arrays are what they are."""
    paths = [image for image in images if isinstance(image, Path)]
    _refuse(paths, lambda path: "missing" if not path.is_file() else None, "do not exist", "copy them there")
    _refuse(paths, _header_problem, "are not images that can be read", "replace them")
    suspects = list(paths) if len(paths) <= DECODE_ALL else [path for path in paths if not _ends_well(path)]
    _refuse(suspects, _decode_problem, "are damaged or cut short", "fetch them again")


def _refuse(paths: Sequence[Path], problem: Callable[[Path], str | None], what: str, fix: str) -> None:
    unique = dict.fromkeys(paths)
    found = [(path, reason) for path in unique if (reason := problem(path))]
    if found:
        folder = found[0][0].parent
        names = ", ".join(path.name for path, _ in found[:3]) + (", …" if len(found) > 3 else "")
        detail = "" if found[0][1] == "missing" else f" ({found[0][1]})"
        raise InputError(
            f"{len(found)} of {len(unique)} images in {folder} {what}: {names}{detail}; {fix} or remove the rows"
        )


def _header_problem(path: Path) -> str | None:
    try:
        with Image.open(path):
            return None
    except _BROKEN as error:
        return _reason(error)


def _decode_problem(path: Path) -> str | None:
    try:
        with Image.open(path) as opened:
            opened.draft("RGB", (32, 32))
            opened.load()
            return None
    except _BROKEN as error:
        return _reason(error)


def _ends_well(path: Path) -> bool:
    """Whether the end marker of the format is near the end of the file. Formats without one pass."""
    with Image.open(path) as opened:
        marker = _ENDS.get(opened.format or "", b"")
    with path.open("rb") as stream:
        stream.seek(max(0, path.stat().st_size - 64))
        return marker in stream.read()


def _squeeze(picture: Image.Image, size: int) -> NDArray[np.uint8]:
    resized = picture.convert("RGB").resize((size, size), Image.Resampling.BILINEAR)
    return np.ascontiguousarray(np.asarray(resized, dtype=np.uint8).transpose(2, 0, 1))


def _reason(error: BaseException) -> str:
    text = " ".join(str(error).split())
    return text.partition(" '")[0] if text.startswith("cannot identify") else text
