"""Spectrograms of clips, each computed once where memory or disk can keep it, and windows of them."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from trainers.data.audio_files import Sound, samples_of
from trainers.data.log_mel import LogMel
from trainers.data.spectrogram_cache import SpectrogramCache

# Spectrograms of one set of clips are kept in memory up to this many bytes.
MEMORY_BYTES = 2**31


class Spectrograms:
    """The spectrogram of every sound, (frames, mels) in dB: from memory, from the cache, or else computed and kept."""

    def __init__(
        self,
        sounds: Sequence[Sound],
        log_mel: LogMel,
        cache: SpectrogramCache | None,
        memory_bytes: int = MEMORY_BYTES,
    ) -> None:
        self.settings = log_mel.settings
        self._sounds = sounds
        self._log_mel = log_mel
        self._cache = cache
        self._room = memory_bytes
        self._kept: dict[int, NDArray[np.float16]] = {}

    def __len__(self) -> int:
        return len(self._sounds)

    def __getitem__(self, row: int) -> NDArray[np.float16]:
        """Raises `InputError` naming the file when the sound cannot be read."""
        if row in self._kept:
            return self._kept[row]
        found = self._found(self._sounds[row])
        if found.nbytes <= self._room:
            self._room -= found.nbytes
            # A copy, because one that is mapped from the cache keeps its file open.
            found = self._kept[row] = np.array(found)
        return found

    def _found(self, sound: Sound) -> NDArray[np.float16]:
        if self._cache is None or not isinstance(sound, Path) or not sound.is_file():
            return self._computed(sound)
        found = self._cache.load(sound)
        if found is None:
            found = self._computed(sound)
            self._cache.store(sound, found)
        return found

    def _computed(self, sound: Sound) -> NDArray[np.float16]:
        return self._log_mel(samples_of(sound, self.settings.rate))


class Normalisation:
    """dB as numbers around 0: (dB − centre) / spread, with those of the clip itself unless both are given."""

    def __init__(self, centre: float | None = None, spread: float | None = None) -> None:
        self.centre = centre
        self.spread = spread

    def __call__(self, spectrogram: NDArray[np.float16]) -> tuple[float, float]:
        """Centre and spread for a clip. One that is the same everywhere has a spread of 1 dB."""
        if self.centre is not None and self.spread is not None:
            return self.centre, self.spread
        whole = spectrogram.astype(np.float32)
        return float(whole.mean()), max(float(whole.std()), 1.0)


class Windows:
    """Clips as a network sees them: normalised, and as long as the window, or whole.

    What is shorter than the window is followed by silence, which is `db_low` everywhere.
    """

    def __init__(self, spectrograms: Spectrograms, frames: int, normalisation: Normalisation) -> None:
        self.frames = frames
        self._spectrograms = spectrograms
        self._normalisation = normalisation
        self._moments: dict[int, tuple[float, float]] = {}

    def first(self, rows: Sequence[int]) -> dict[str, Tensor]:
        """`features` of the first window of each of these rows, shape (rows, frames, mels)."""
        return self._stacked(rows, lambda spare: 0)

    def drawn(self, rows: Sequence[int], random: np.random.Generator) -> dict[str, Tensor]:
        """The same of a window that begins anywhere."""
        return self._stacked(rows, lambda spare: int(random.integers(spare + 1)))

    def whole(self, rows: Sequence[int]) -> dict[str, Tensor]:
        """The same of whole clips, as long as the longest of them and no shorter than the window."""
        return self._stacked(rows, lambda spare: 0, max(self.frames, self._longest(rows)))

    def whole_windows(self, rows: Sequence[int]) -> dict[str, Tensor]:
        """The same of whole clips, followed by silence up to a whole number of windows, so that few lengths occur."""
        windows = math.ceil(self._longest(rows) / self.frames)
        return self._stacked(rows, lambda spare: 0, max(1, windows) * self.frames)

    def _longest(self, rows: Sequence[int]) -> int:
        return max(len(self._spectrograms[row]) for row in rows)

    def _stacked(
        self, rows: Sequence[int], start: Callable[[int], int], frames: int | None = None
    ) -> dict[str, Tensor]:
        length = frames or self.frames
        return {"features": torch.from_numpy(np.stack([self._window(row, start, length) for row in rows]))}

    def _window(self, row: int, start: Callable[[int], int], length: int) -> NDArray[np.float32]:
        spectrogram = self._spectrograms[row]
        if row not in self._moments:
            self._moments[row] = self._normalisation(spectrogram)
        centre, spread = self._moments[row]
        first = start(max(0, len(spectrogram) - length))
        seen = spectrogram[first : first + length]
        window = np.full((length, seen.shape[1]), self._spectrograms.settings.db_low, dtype=np.float32)
        window[: len(seen)] = seen
        return (window - np.float32(centre)) / np.float32(spread)
