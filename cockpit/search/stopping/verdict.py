"""What a rule says about a trial, and why."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Protocol

from cockpit.search.metric import Metric


@dataclass(frozen=True)
class Verdict:
    """Go on or stop. A rule that compared something says so also when the trial goes on.

    `evaluation` counts those of the trial from 1. `value` was held against `threshold`; the trial was the `rank`-th
    best of `of`. `rung` is the evaluation at which trials were compared. For patience, `threshold` is the best value
    so far and `of` the number of evaluations since.
    """

    stop: bool
    rule: str = ""
    evaluation: int = 0
    value: float = math.nan
    threshold: float = math.nan
    rank: int = 0
    of: int = 0
    rung: int = 0

    def explain(self, metric: Metric) -> str:
        """The verdict as one phrase, e.g. `asha rung 1: 0.6120 < 0.7415 (7th of 9)`; "" if nothing was compared."""
        if not self.rule:
            return ""
        if self.rule == "patience":
            return f"patience: no better than {_text(self.threshold)} for {self.of} evaluations"
        where = {"asha": "rung", "hyperband": "band"}.get(self.rule, "evaluation")
        rank = f" ({ordinal(self.rank)} of {self.of})" if self.of else ""
        best = "best " if self.rule == "median" else ""
        values = compared(metric, self.value, self.threshold)
        return f"{self.rule} {where} {self.rung or self.evaluation}: {best}{values}{rank}"


CONTINUE = Verdict(stop=False)


class Rule(Protocol):
    """One way to decide whether a trial goes on."""

    def on_evaluation(self, trial: str, evaluation: int, value: float, final: bool) -> Verdict:
        """Takes in an evaluation and judges the trial.

        Evaluations of a trial are counted from 1. A lower count than the last one starts the trial over from there,
        as a new attempt after a crash does. A `final` evaluation counts for others but stops nothing.
        """
        ...


class History:
    """Values of the trials so far, oriented such that higher is better and -inf is the worst there is."""

    def __init__(self, metric: Metric) -> None:
        self.metric = metric
        self.values: dict[str, list[float]] = {}

    def record(self, trial: str, evaluation: int, value: float) -> list[float]:
        """The trial's values up to this one. Raises `ValueError` if an evaluation before it never came."""
        values = self.values.setdefault(trial, [])
        if not 1 <= evaluation <= len(values) + 1:
            raise ValueError(f"evaluation {evaluation} of {trial} follows evaluation {len(values)}")
        del values[evaluation - 1 :]
        values.append(self.metric.oriented(value))
        return values


def compared(metric: Metric, value: float, threshold: float) -> str:
    """Two values with the sign between them: `0.6120 < 0.7415`."""
    texts = _apart(value, threshold)
    return f"{texts[0]} {_sign(metric, value, threshold)} {texts[1]}"


def ordinal(number: int) -> str:
    """1st, 2nd, 3rd, 4th, … 11th, …"""
    suffix = "th" if number % 100 in (11, 12, 13) else {1: "st", 2: "nd", 3: "rd"}.get(number % 10, "th")
    return f"{number}{suffix}"


def _sign(metric: Metric, value: float, threshold: float) -> str:
    if not math.isfinite(value) or not math.isfinite(threshold):
        return "against"
    if value == threshold:
        return "="
    return "<" if value < threshold else ">"


def _apart(value: float, threshold: float) -> tuple[str, str]:
    """Both numbers, with as many digits as it takes to tell them apart."""
    if value == threshold:
        return _text(value), _text(threshold)
    for digits in range(4, 17):
        texts = _text(value, digits), _text(threshold, digits)
        if texts[0] != texts[1]:
            return texts
    return repr(value), repr(threshold)


def _text(value: float, digits: int = 4) -> str:
    plain = value == 0 or 1e-3 <= abs(value) < 1e6
    return f"{value:.{digits}f}" if plain else f"{value:.{digits}g}"
