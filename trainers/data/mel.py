"""The mel scale, bands of equal width on it, and what a spectrogram is made with. Nothing here imports torch."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from trainers.contract import InputError

if TYPE_CHECKING:
    from trainers.configs.audio import AudioConfig


@dataclass(frozen=True)
class MelSettings:
    """What decides how a sound becomes a spectrogram in dB. Windows and normalising come after it."""

    rate: int
    n_fft: int
    hop: int
    mels: int
    db_low: float
    db_high: float

    def frames(self, samples: int) -> int:
        """Frames of so many samples: one at the beginning, and one after each hop."""
        return 1 + samples // self.hop


def check_settings(config: AudioConfig) -> MelSettings:
    """The settings of spectrograms. Raises `InputError` for those that do not fit each other."""
    if config.hop > config.n_fft:
        raise InputError(f"hop = {config.hop} is more than n_fft = {config.n_fft}: samples would be lost; lower hop")
    if config.db_low >= config.db_high:
        raise InputError(f"db_low = {config.db_low:g} is not below db_high = {config.db_high:g}; lower it")
    empty = np.flatnonzero(~mel_bands(config.rate, config.n_fft, config.mels).any(axis=0))
    if len(empty):
        raise InputError(
            f"mels = {config.mels} is too many for n_fft = {config.n_fft} at rate = {config.rate}: "
            f"band {empty[0] + 1} would be empty; lower mels or raise n_fft"
        )
    return MelSettings(config.rate, config.n_fft, config.hop, config.mels, config.db_low, config.db_high)


def mel_of(hertz: Any) -> NDArray[np.float64]:
    """2595 · log10(1 + f / 700), a scale of pitches as people hear them (O'Shaughnessy 1987)."""
    return np.asarray(2595.0 * np.log10(1.0 + np.asarray(hertz, dtype=np.float64) / 700.0))


def hertz_of(mel: Any) -> NDArray[np.float64]:
    """The inverse of `mel_of`."""
    return np.asarray(700.0 * (10.0 ** (np.asarray(mel, dtype=np.float64) / 2595.0) - 1.0))


def mel_bands(rate: int, n_fft: int, mels: int) -> NDArray[np.float32]:
    """Weights of the bins of a Fourier transform in each band, shape (n_fft // 2 + 1, mels).

    `mels` + 2 points stand at equal distances on the mel scale from 0 Hz to half the rate. Band m is a triangle over
    frequencies, 0 at points m and m + 2 and 1 at point m + 1 (Davis and Mermelstein 1980); its area is left as it is.
    """
    points = hertz_of(np.linspace(0.0, mel_of(rate / 2), mels + 2))
    bins = np.arange(n_fft // 2 + 1)[:, None] * (rate / n_fft)
    low, middle, high = points[:-2], points[1:-1], points[2:]
    rising, falling = (bins - low) / (middle - low), (high - bins) / (high - middle)
    return np.maximum(0.0, np.minimum(rising, falling)).astype(np.float32)
