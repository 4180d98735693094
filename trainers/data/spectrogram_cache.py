"""Spectrograms in files, so that a sound is decoded once for all trainings with the same settings. No torch here."""

from __future__ import annotations

import hashlib
import os
from dataclasses import asdict
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from trainers.contract import InputError
from trainers.data.mel import MelSettings
from trainers.files import write_atomically

# What is computed from the same settings may differ between versions of the formula.
VERSION = 1
NONE = "none"


def cache_folder(chosen: str) -> Path | None:
    """The folder that was chosen, the user's own cache folder for an empty name, or none."""
    if chosen.strip().lower() == NONE:
        return None
    if chosen:
        return Path(chosen)
    base = os.environ.get("XDG_CACHE_HOME", "")
    # The specification has relative paths ignored.
    return (Path(base) if base and Path(base).is_absolute() else Path.home() / ".cache") / "cockpit" / "spectrograms"


class SpectrogramCache:
    """Spectrograms by their settings and by path, size and time of change of the sound file."""

    def __init__(self, folder: Path, settings: MelSettings) -> None:
        self._folder = folder
        self._settings = settings
        self._key = repr((VERSION, sorted(asdict(settings).items())))

    def load(self, sound: Path) -> NDArray[np.float16] | None:
        """Shape (frames, mels), mapped and not read into memory; None when it is not there or not what it should be."""
        try:
            found = np.load(self._place(sound), mmap_mode="r", allow_pickle=False)
        except (OSError, ValueError, EOFError):
            return None
        fits = found.dtype == np.float16 and found.ndim == 2 and found.shape[1] == self._settings.mels and len(found)
        return found if fits else None

    def store(self, sound: Path, spectrogram: NDArray[np.float16]) -> None:
        """Raises `InputError` when it cannot be written."""
        try:
            write_atomically(self._place(sound), lambda stream: np.save(stream, spectrogram, allow_pickle=False))
        except OSError as error:
            reason = error.strerror or " ".join(str(error).split())
            raise InputError(
                f"spectrograms cannot be kept in {self._folder}: {reason}; give cache a folder that takes them, or none"
            ) from error

    def _place(self, sound: Path) -> Path:
        """Raises `OSError` when the sound is gone."""
        state = sound.stat()
        identity = repr((self._key, str(sound.resolve()), state.st_size, state.st_mtime_ns))
        name = hashlib.sha256(identity.encode()).hexdigest()[:40]
        return self._folder / name[:2] / f"{name}.npy"
