"""Sound files as samples, and whether they are whole. Nothing here imports torch."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import soundfile
from numpy.typing import NDArray

from trainers.contract import InputError
from trainers.data.audio_synthesis import RATE

# Decoding finds every damage; of larger sets so many files are decoded, spread over the set, besides all headers.
DECODE_ALL = 400
DECODED_OF_MORE = 40
_BROKEN = (OSError, RuntimeError, ValueError, TypeError)

Sound = Path | NDArray[np.float32]


def samples_of(sound: Sound, rate: int) -> NDArray[np.float32]:
    """The mean of all channels at `rate` samples a second, shape (samples,). Raises `InputError` naming the file."""
    if isinstance(sound, np.ndarray):
        return at_rate(sound, RATE, rate)
    try:
        samples, own_rate = soundfile.read(sound, dtype="float32", always_2d=True)
    except _BROKEN as error:
        raise InputError(f"sound {sound} cannot be read: {_reason(sound, error)}; replace or remove it") from error
    if not np.isfinite(samples).all():
        raise InputError(f"sound {sound} has samples that are no numbers; replace or remove it")
    return at_rate(samples.mean(axis=1, dtype=np.float32), own_rate, rate)


def at_rate(samples: NDArray[np.float32], own: int, rate: int) -> NDArray[np.float32]:
    """The same sound with `rate` samples a second in place of `own`, by a polyphase filter."""
    if own == rate or len(samples) == 0:
        return samples
    # Seldom needed, and slow to import.
    from scipy.signal import resample_poly

    shared = math.gcd(own, rate)
    return np.ascontiguousarray(resample_poly(samples, rate // shared, own // shared), dtype=np.float32)


def check_sounds(sounds: Sequence[Path] | Sequence[NDArray[np.float32]], silent: bool) -> None:
    """Raises `InputError` when files are missing, no sounds, damaged or, where they may not be `silent`, empty."""
    paths = [sound for sound in sounds if isinstance(sound, Path)]
    _refuse(paths, lambda path: None if path.is_file() else "missing", "do not exist", "copy them there")
    _refuse(paths, lambda path: _header_problem(path, silent), "are not sounds that can be used", "replace them")
    few = paths if len(paths) <= DECODE_ALL else paths[:: len(paths) // DECODED_OF_MORE]
    _refuse(few, _decode_problem, "are damaged or cut short", "fetch them again")


def _refuse(paths: Sequence[Path], problem: Callable[[Path], str | None], what: str, fix: str) -> None:
    found = [(path, reason) for path in paths if (reason := problem(path))]
    if found:
        names = ", ".join(path.name for path, _ in found[:3]) + (", …" if len(found) > 3 else "")
        detail = "" if found[0][1] == "missing" else f" ({found[0][1]})"
        raise InputError(
            f"{len(found)} of {len(paths)} sounds in {found[0][0].parent} {what}: {names}{detail}; "
            f"{fix} or remove the rows"
        )


def _header_problem(path: Path, silent: bool) -> str | None:
    try:
        frames = soundfile.info(path).frames
    except _BROKEN as error:
        return _reason(path, error)
    return None if frames or silent else "no samples"


def _decode_problem(path: Path) -> str | None:
    try:
        samples, _ = soundfile.read(path, dtype="float32", always_2d=True)
    except _BROKEN as error:
        return _reason(path, error)
    return None if np.isfinite(samples).all() else "samples that are no numbers"


def _reason(path: Path, error: BaseException) -> str:
    """What the library says, without the path that it begins with."""
    text = " ".join(str(error).split())
    return text.removeprefix(f"Error opening {str(path)!r}: ").removeprefix(f"Error opening {path!r}: ").rstrip(".")
