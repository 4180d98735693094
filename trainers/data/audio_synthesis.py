"""Clips made of tones, sweeps, clicks and noises, the same ones on every machine. They stand in for data."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache

import numpy as np
from numpy.typing import NDArray

from trainers.data.clips import Clips

RATE = 8_000
SECONDS = 1.0
ROWS = 320
# Sounds of a clip are so loud beside the noise that is in every clip: some can hardly be heard.
LOUDEST, FAINTEST, BACKGROUND = 0.5, 0.02, 0.06
_SEED = 2019

Samples = NDArray[np.float64]
Make = Callable[[np.random.Generator, Samples], Samples]


def _tone(low: float, high: float) -> Make:
    return lambda random, time: np.sin(2 * np.pi * random.uniform(low, high) * time)


def _sweep(falls: bool) -> Make:
    """A tone whose frequency changes evenly between two that are drawn."""

    def make(random: np.random.Generator, time: Samples) -> Samples:
        low, high = random.uniform(300, 900), random.uniform(1_200, 2_800)
        first, last = (high, low) if falls else (low, high)
        return np.sin(2 * np.pi * (first * time + (last - first) * time**2 / (2 * SECONDS)))

    return make


def _noise(low: float, high: float) -> Make:
    """Noise with nothing outside of a band of frequencies."""

    def make(random: np.random.Generator, time: Samples) -> Samples:
        spectrum = np.fft.rfft(random.normal(size=len(time)))
        frequencies = np.fft.rfftfreq(len(time), 1 / RATE)
        spectrum[(frequencies < low) | (frequencies > high)] = 0
        noise = np.fft.irfft(spectrum, len(time))
        return np.asarray(noise / np.abs(noise).max())

    return make


def _hum(random: np.random.Generator, time: Samples) -> Samples:
    """A low tone with its overtones."""
    base = random.uniform(80, 140)
    return sum((np.sin(2 * np.pi * base * k * time) / k for k in range(1, 8)), np.zeros_like(time)) / 2


def _clicks(random: np.random.Generator, time: Samples) -> Samples:
    """Short bursts at even distances."""
    every = random.uniform(0.06, 0.15)
    return random.normal(size=len(time)) * ((time + random.uniform(0, every)) % every < 0.004) * 0.5


def _tremolo(random: np.random.Generator, time: Samples) -> Samples:
    """A tone that swells and fades several times a second."""
    swell = 0.5 + 0.5 * np.sin(2 * np.pi * random.uniform(4, 8) * time)
    return np.asarray(np.sin(2 * np.pi * random.uniform(500, 2_500) * time) * swell)


def _warble(random: np.random.Generator, time: Samples) -> Samples:
    """A tone whose frequency goes up and down several times a second."""
    depth, speed = random.uniform(100, 300), random.uniform(4, 8)
    return np.sin(2 * np.pi * random.uniform(700, 2_300) * time + depth / speed * np.sin(2 * np.pi * speed * time))


MAKERS: dict[str, Make] = {
    "clicks": _clicks,
    "falling": _sweep(falls=True),
    "high_noise": _noise(2_200, 3_800),
    "high_tone": _tone(1_600, 2_800),
    "hum": _hum,
    "low_noise": _noise(150, 1_000),
    "low_tone": _tone(300, 900),
    "rising": _sweep(falls=False),
    "tremolo": _tremolo,
    "warble": _warble,
}


@cache
def synthetic_clips(rows: int = ROWS) -> tuple[tuple[str, ...], Clips]:
    """The classes, and clips of one second with one to three of them each.

    A sound fills a part of its clip, so loud as chance has it.
    """
    classes = tuple(sorted(MAKERS))
    random = np.random.default_rng(_SEED)
    labels = np.zeros((rows, len(classes)), dtype=np.int8)
    sounds = []
    for row in range(rows):
        chosen = random.choice(len(classes), size=random.integers(1, 4), replace=False)
        labels[row, chosen] = 1
        sounds.append(_mixed(random, [MAKERS[classes[number]] for number in sorted(chosen)]))
    return classes, Clips([f"clip{row:03d}" for row in range(rows)], sounds, labels)


def _mixed(random: np.random.Generator, makers: list[Make]) -> NDArray[np.float32]:
    time = np.arange(round(RATE * SECONDS)) / RATE
    mixed = random.normal(scale=BACKGROUND, size=len(time))
    for make in makers:
        start, length = random.uniform(0, 0.5), random.uniform(0.3, 0.5)
        heard = (time >= start) & (time < start + length)
        loudness = np.exp(random.uniform(np.log(FAINTEST), np.log(LOUDEST)))
        mixed += loudness * make(random, time) * heard
    return np.clip(mixed, -1, 1).astype(np.float32)
