"""What pictures of an experiment are drawn from."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from cockpit.store import ranking
from cockpit.store.folder import RunFolder
from cockpit.store.importance import read_importance
from cockpit.store.learning_rate import FoundRate, found_rate
from cockpit.store.reader import Index
from cockpit.store.rows import SweepRow, TrialRow

Evaluations = Mapping[str, Sequence[tuple[int, int, float]]]  # step, epoch and value, by trial


@dataclass(frozen=True)
class Pictured:
    """`ranked` are the trials with a finite score, best first; `importance` the shares by parameter, largest first.

    Of an experiment that looked for a learning rate, `rate` is what it found, and `tested` are rate, loss and smoothed
    loss of each step.
    """

    sweep: SweepRow
    ranked: Sequence[TrialRow]
    best: TrialRow | None
    baseline: TrialRow | None
    evaluations: Evaluations
    importance: Mapping[str, float]
    rate: FoundRate | None = None
    tested: Sequence[tuple[float, float, float]] = ()

    @property
    def title(self) -> str:
        """`exp012 arcface`."""
        return f"{self.sweep.experiment} {self.sweep.search}"

    @property
    def has_epochs(self) -> bool:
        """Whether each epoch has one evaluation at most, so that epochs are what trials have in common."""
        return all(len({epoch for _, epoch, _ in rows}) == len(rows) for rows in self.evaluations.values())

    @property
    def varied(self) -> list[str]:
        """The parameters that have several values, the most important first."""
        known = [name for name in self.sweep.varied if len({repr(trial.config.get(name)) for trial in self.ranked}) > 1]
        return sorted(known, key=lambda name: -self.importance.get(name, 0.0))

    @property
    def mark(self) -> str:
        """Differs where a picture would differ."""
        told: list[Any] = [(trial.id, trial.best, sorted(trial.config.items(), key=str)) for trial in self.ranked]
        told += [self.title, self.sweep.metric, self.sweep.goal, self.sweep.varied, sorted(self.evaluations.items())]
        told += [list(self.tested), self.rate and self.rate.suggested] if self.tested else []
        told += [list(self.importance.items()), self.best and self.best.id, self.baseline and self.baseline.id]
        return hashlib.sha256(repr(told).encode("utf-8", "surrogateescape")).hexdigest()[:24]


def pictured(run: RunFolder) -> Pictured:
    """Read the index of an experiment. Raises `FolderError` when there is nothing to read."""
    with Index(run) as index:
        sweep, trials = index.sweep(), index.trials()
        ranked = [trial for trial in ranking.ranked(trials, sweep.goal) if is_finite(trial.best)]
        return Pictured(
            sweep=sweep,
            ranked=ranked,
            best=ranking.best_trial(ranked, sweep.goal),
            baseline=ranking.baseline_trial(ranked),
            evaluations=index.evaluations(),
            importance=read_importance(run, trials) or {},
            rate=(rate := found_rate(sweep, trials)),
            tested=_tested(index, trials[0].id) if rate else (),
        )


def _tested(index: Index, trial: str) -> list[tuple[float, float, float]]:
    """Rate, loss and smoothed loss of the steps that have all three."""
    names = ("lr", "loss", "smoothed_loss")
    values = [tuple(row.metrics.get(name, math.nan) for name in names) for row in index.steps(trial)]
    return [(lr, loss, smoothed) for lr, loss, smoothed in values if all(map(is_finite, (lr, loss, smoothed)))]


def is_finite(value: float | None) -> bool:
    """Whether there is a number that can be drawn."""
    return value is not None and math.isfinite(value)
