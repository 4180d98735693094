"""Frequencies, bands, decibels and frames, against values worked out by hand."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from trainers.configs.audio import AudioConfig
from trainers.contract import InputError
from trainers.data.log_mel import LogMel
from trainers.data.mel import MelSettings, check_settings, hertz_of, mel_bands, mel_of

# At 8 samples a second and 8 to a transform, bins are 1 Hz apart.
TINY = MelSettings(rate=8, n_fft=8, hop=4, mels=4, db_low=-80.0, db_high=80.0)


def test_mels_of_frequencies_are_the_published_ones() -> None:
    # 2595 log10(1 + 1000/700) and 2595 log10(2).
    assert mel_of(1000.0) == pytest.approx(999.9855, abs=1e-3)
    assert mel_of(700.0) == pytest.approx(781.1728, abs=1e-3)
    assert mel_of(0.0) == 0
    assert hertz_of(mel_of([50.0, 440.0, 8000.0])) == pytest.approx([50.0, 440.0, 8000.0])


def test_bands_are_triangles_between_points_at_equal_distances_in_mel() -> None:
    rate, n_fft, mels = 8_000, 800, 3
    points = hertz_of(mel_of(4_000.0) * np.arange(5) / 4)
    # mel(4000 Hz) = 2146.06, so points at 536.5, 1073.0, 1609.5 mel.
    assert points == pytest.approx([0.0, 426.8, 1114.0, 2220.0, 4000.0], abs=1.0)
    bands = mel_bands(rate, n_fft, mels)
    assert bands.shape == (401, 3)
    frequency = np.arange(401) * 10.0
    assert bands[:, 1][frequency < points[1]].max() == 0 and bands[:, 1][frequency > points[3]].max() == 0
    assert frequency[bands[:, 1].argmax()] == pytest.approx(points[2], abs=10)
    halfway = np.interp((points[1] + points[2]) / 2, frequency, bands[:, 1])
    assert halfway == pytest.approx(0.5, abs=0.01)
    # Between the first and the last middle, neighbouring triangles add up to 1.
    inside = (frequency >= points[1]) & (frequency <= points[3])
    assert bands[inside].sum(1) == pytest.approx(1.0, abs=1e-5)


def test_a_tone_has_the_power_of_its_window_in_decibels() -> None:
    """A sine on bin k of a periodic Hann window of N samples has |X(k)|² = (N/4)²: the window's mean is a half."""
    settings = MelSettings(rate=8_000, n_fft=256, hop=64, mels=20, db_low=-80.0, db_high=80.0)
    bins = 40
    tone = np.sin(2 * np.pi * bins / 256 * np.arange(2_560)).astype(np.float32)
    found = LogMel(settings)(tone)[20].astype(np.float64)
    bands = mel_bands(8_000, 256, 20)
    # Half the amplitude, so a quarter of the power, stands in the two bins beside it.
    power = 64**2 * (bands[bins] + (bands[bins - 1] + bands[bins + 1]) / 4)
    loud = power > 1
    assert loud.any()
    expected = 10 * np.log10(np.maximum(power, 1))
    assert found[loud] == pytest.approx(expected[loud], abs=0.05)
    louder = LogMel(settings)(10 * tone)[20].astype(np.float64)
    assert louder[loud] - found[loud] == pytest.approx(20.0, abs=0.06)


def test_decibels_are_held_between_their_bounds() -> None:
    settings = MelSettings(rate=8_000, n_fft=64, hop=32, mels=5, db_low=-10.0, db_high=5.0)
    silence = LogMel(settings)(np.zeros(320, dtype=np.float32))
    assert (silence == -10).all()
    assert LogMel(settings)(np.random.default_rng(0).normal(size=320).astype(np.float32)).max() == 5
    # Without a bound the logarithm of silence is that of 10⁻¹⁰.
    assert (LogMel(replace(settings, db_low=-200.0))(np.zeros(320, dtype=np.float32)) == -100).all()


@pytest.mark.parametrize("samples", [0, 1, 3, 4, 7, 8, 800])
def test_there_is_a_frame_at_every_hop_also_of_clips_shorter_than_a_transform(samples: int) -> None:
    found = LogMel(TINY)(np.ones(samples, dtype=np.float32))
    assert found.shape == (TINY.frames(samples), 4)
    assert TINY.frames(samples) == 1 + samples // 4


def test_the_middle_of_a_frame_is_at_its_hop() -> None:
    click = np.zeros(1_000, dtype=np.float32)
    click[640] = 1
    settings = MelSettings(rate=8_000, n_fft=64, hop=64, mels=5, db_low=-80.0, db_high=80.0)
    loudness = LogMel(settings)(click).astype(np.float32).mean(1)
    assert loudness.argmax() == 10


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"n_fft": 64, "hop": 80}, "hop = 80 is more than n_fft = 64"),
        ({"mels": 200}, "mels = 200 is too many for n_fft = 256 at rate = 8000: band "),
        ({"db_low": 5.0, "db_high": 5.0}, "db_low = 5 is not below db_high = 5"),
    ],
)
def test_settings_that_do_not_fit_each_other_are_refused(values: dict[str, float], words: str) -> None:
    with pytest.raises(InputError) as refusal:
        check_settings(AudioConfig(**values))  # type: ignore[arg-type]
    assert words in str(refusal.value)


def test_the_settings_of_the_notes_fit_each_other() -> None:
    settings = check_settings(AudioConfig(rate=44_100, n_fft=1_764, hop=220, mels=64, db_low=-10, db_high=120))
    assert settings.frames(661_500) == 3_007
