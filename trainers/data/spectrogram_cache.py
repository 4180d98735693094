"""Spectrograms in files, so that a sound is decoded once for all trainings with the same settings. No torch here."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from trainers.data.cache import Cache
from trainers.data.mel import MelSettings

# What is computed from the same settings may differ between versions of the formula.
VERSION = 1
KIND = "spectrograms"


class SpectrogramCache:
    """Spectrograms by their settings and by path, size and time of change of the sound file."""

    def __init__(self, cache: Cache, settings: MelSettings) -> None:
        self._cache = cache
        self._settings = settings
        self._key = repr((VERSION, sorted(asdict(settings).items())))

    def load(self, sound: Path) -> NDArray[np.float16] | None:
        """Shape (frames, mels), mapped and not read into memory; None when it is not there or not what it should be."""
        found = self._cache.load(self._identity(sound))
        if found is None or found.dtype != np.float16 or found.ndim != 2 or found.shape[1] != self._settings.mels:
            return None
        return found.astype(np.float16, copy=False) if len(found) else None

    def store(self, sound: Path, spectrogram: NDArray[np.float16]) -> None:
        """Keeps it, where the cache takes anything."""
        self._cache.store(self._identity(sound), spectrogram)

    def _identity(self, sound: Path) -> object:
        """Raises `OSError` when the sound is gone."""
        state = sound.stat()
        return self._key, str(sound.resolve()), state.st_size, state.st_mtime_ns
