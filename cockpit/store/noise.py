"""How far runs of one configuration lie apart that differ in nothing but their seed."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from statistics import fmean
from typing import Any

from cockpit.store.rows import TrialRow

NOT_COUNTED = ("seed",)


@dataclass(frozen=True)
class Noise:
    """Pooled over configurations: the sum of squared distances of `runs` values from the means of their configurations.

    `freedom` is how many values that are free to vary: runs less configurations.
    """

    squares: float = 0.0
    freedom: int = 0
    runs: int = 0

    @property
    def deviation(self) -> float:
        """The standard deviation of a single run; NaN where no configuration ran twice."""
        return math.sqrt(self.squares / self.freedom) if self.freedom else math.nan

    def __add__(self, other: Noise) -> Noise:
        return Noise(self.squares + other.squares, self.freedom + other.freedom, self.runs + other.runs)

    def to_mapping(self) -> dict[str, Any] | None:
        """As JSON; None where it says nothing."""
        return {"squares": self.squares, "freedom": self.freedom, "runs": self.runs} if self.freedom else None


def noise_of(trials: Sequence[TrialRow]) -> Noise:
    """What the finished trials of an experiment tell; runs on different folds are different configurations.

    Those that confirm stand by themselves: the run by which their configuration won was a lucky one.
    """
    values: dict[str, dict[int, float]] = {}
    for trial in trials:
        if trial.status == "finished" and trial.best is not None:
            # The same seed twice is the same run twice, and tells nothing of noise.
            values.setdefault(_configuration(trial), {}).setdefault(trial.seed, trial.best)
    return sum((_within(found.values()) for found in values.values()), Noise())


def noise_from(told: object) -> Noise:
    """What `to_mapping` made, out of a file that anybody may have written."""
    if not isinstance(told, Mapping):
        return Noise()
    squares, freedom, runs = (told.get(key) for key in ("squares", "freedom", "runs"))
    whole = isinstance(freedom, int) and isinstance(runs, int) and 0 < freedom < runs
    if not whole or not isinstance(squares, int | float) or not 0 <= squares < math.inf:
        return Noise()
    return Noise(float(squares), int(freedom or 0), int(runs or 0))


def _configuration(trial: TrialRow) -> str:
    known = trial.effective or trial.config
    kept = {name: value for name, value in known.items() if name not in NOT_COUNTED}
    return json.dumps([kept, trial.config.get("fold"), trial.confirms], sort_keys=True, default=str)


def _within(values: Iterable[float]) -> Noise:
    known = list(values)
    if len(known) < 2:
        return Noise()
    mean = fmean(known)
    return Noise(sum((value - mean) ** 2 for value in known), len(known) - 1, len(known))
