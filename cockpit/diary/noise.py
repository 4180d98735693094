"""How much noise is known from earlier experiments, for one whose own trials ran once."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from cockpit.store.noise import Noise
from cockpit.store.numbers import counted, metric_text

MOST_NAMES = 2


class KnownNoise(NamedTuple):
    """What runs of earlier experiments tell that differ in their seed alone; `experiments` are ids, oldest first."""

    noise: Noise = Noise()
    experiments: tuple[str, ...] = ()

    @property
    def text(self) -> str:
        """`noise known from exp009: ±0.0041 over 6 runs`, one standard deviation; empty where nothing is known."""
        if not self.noise.deviation > 0:
            return ""
        names = ", ".join(self.experiments[-MOST_NAMES:])
        more = len(self.experiments) - MOST_NAMES
        names += f" and {more} more" if more > 0 else ""
        return f"noise known from {names}: ±{metric_text(self.noise.deviation)} over {counted(self.noise.runs, 'run')}"


def known_noise(found: Iterable[tuple[str, Noise]]) -> KnownNoise:
    """Pooled over experiments with the same trainer, metric and data, given by their ids, oldest first."""
    known = [(name, noise) for name, noise in found if noise.freedom]
    return KnownNoise(sum((noise for _, noise in known), Noise()), tuple(name for name, _ in known))
