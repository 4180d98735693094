"""Log-mel spectrograms, computed in torch."""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from trainers.data.mel import MelSettings, mel_bands

# Powers below this are 10 · log10 of this: silence has a logarithm.
LEAST_POWER = 1e-10


class LogMel:
    """Samples of one clip as a spectrogram in dB.

    A frame is the discrete Fourier transform of `n_fft` samples under a periodic Hann window, whose middle is at a
    multiple of `hop`; before the beginning and behind the end of a clip there is silence. Its squared magnitudes are
    summed in mel bands, and each band's power P becomes 10 · log10(max(P, 10⁻¹⁰)), held between `db_low` and `db_high`.
    No reference level is subtracted, so a clip sounds as loud as it is.
    """

    def __init__(self, settings: MelSettings) -> None:
        self.settings = settings
        self._window = torch.hann_window(settings.n_fft, periodic=True)
        self._bands = torch.from_numpy(mel_bands(settings.rate, settings.n_fft, settings.mels)).T.contiguous()

    @torch.no_grad()
    def __call__(self, samples: NDArray[np.float32]) -> NDArray[np.float16]:
        """Shape (1 + samples // hop, mels), in half precision: steps of a sixteenth of a dB where it is loudest."""
        if len(samples) == 0:
            return np.full((1, self.settings.mels), self.settings.db_low, dtype=np.float16)
        power = self._bands @ self._powers(torch.from_numpy(samples))
        decibels = 10.0 * torch.log10(power.clamp_min(LEAST_POWER))
        held = decibels.clamp(self.settings.db_low, self.settings.db_high).half()
        spectrogram: NDArray[np.float16] = held.transpose(0, 1).contiguous().numpy()
        return spectrogram

    def _powers(self, samples: Tensor) -> Tensor:
        """|STFT|², shape (n_fft // 2 + 1, frames)."""
        spectrum = torch.stft(
            samples,
            n_fft=self.settings.n_fft,
            hop_length=self.settings.hop,
            window=self._window,
            center=True,
            pad_mode="constant",
            return_complex=True,
        )
        # Twice as fast as a sum over an axis of two.
        parts = torch.view_as_real(spectrum)
        return parts[..., 0].square().addcmul_(parts[..., 1], parts[..., 1])
