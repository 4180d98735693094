"""Rules that look at one trial alone."""

from __future__ import annotations

import math

from cockpit.search.metric import Metric
from cockpit.search.stopping.verdict import CONTINUE, History, Verdict


class FloorRule:
    """Kills a trial whose first evaluation is worse than `floor`. Later evaluations are not held against it."""

    def __init__(self, metric: Metric, floor: float) -> None:
        self.metric, self.floor = metric, floor

    def on_evaluation(self, trial: str, evaluation: int, value: float, final: bool) -> Verdict:
        if evaluation != 1 or not self.metric.better(self.floor, than=value):
            return CONTINUE
        return Verdict(stop=not final, rule="floor", evaluation=evaluation, value=value, threshold=self.floor)


class PatienceRule:
    """Stops a trial after `patience` evaluations in a row that are no better than its best before them."""

    def __init__(self, metric: Metric, patience: int) -> None:
        self.metric, self.patience = metric, patience
        self.history = History(metric)

    def on_evaluation(self, trial: str, evaluation: int, value: float, final: bool) -> Verdict:
        values = self.history.record(trial, evaluation, value)
        best = max(values)
        # What never was a number never was an improvement.
        since = evaluation - (values.index(best) + 1 if math.isfinite(best) else 0)
        if since < self.patience:
            return CONTINUE
        return Verdict(
            stop=not final,
            rule="patience",
            evaluation=evaluation,
            value=value,
            threshold=self.metric.restored(best),
            of=since,
        )
