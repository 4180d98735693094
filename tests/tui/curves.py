"""Curves for the tests of charts."""

import numpy as np

from cockpit.store.curve import Curve

NASTY = (0.0, 1.0, -1.0, np.nan, np.inf, -np.inf, 1e308, -1e308, 5e-324, 1e-300, 0.1, 1e300, 1e-9)


def curve(steps, values, low=None, high=None, missing=None):
    """A curve whose buckets hold one value each, unless more is said."""
    mean = np.array(values, dtype=np.float64)
    return Curve(
        steps=np.array(steps, dtype=np.int64),
        low=mean if low is None else np.array(low, dtype=np.float64),
        high=mean if high is None else np.array(high, dtype=np.float64),
        mean=mean,
        missing=np.isnan(mean).astype(np.int64) if missing is None else np.array(missing, dtype=np.int64),
    )


def falling(count=1000, seed=0, noise=0.02, start=0):
    """A loss as trainers report it."""
    generator = np.random.default_rng(seed)
    steps = np.arange(start, start + count)
    mean = 0.4 + np.exp(-np.arange(count) / (count / 8)) + generator.normal(0, noise, count)
    spread = np.abs(generator.normal(0, noise, count))
    return curve(steps, mean, mean - spread, mean + spread)


def nasty(generator):
    """Whatever a trainer could report, and more: any numbers, few or many steps, near or far, below zero."""
    count = int(generator.choice([0, 1, 2, 3, 10, 300]))
    first = int(generator.choice([-(2**60), -50, 0, 7, 2**60]))
    steps = first + np.cumsum(generator.choice([1, 1, 2, 1000], count))
    pick = np.array(NASTY)[generator.integers(0, len(NASTY), (3, count))]
    mild = generator.normal(0, 10.0 ** generator.integers(-6, 7), (3, count))
    values = np.where(generator.random((3, count)) < generator.choice([0.0, 0.1, 1.0]), pick, mild)
    low, mean, high = np.sort(values, axis=0)
    return curve(steps, mean, low, high, generator.integers(0, 2, count))


def text_of(picture):
    """What a picture shows, line by line."""
    return ["".join(text for text, _ in row) for row in picture.runs]
