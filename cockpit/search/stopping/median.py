"""The median stopping rule (Golovin et al. 2017, Google Vizier, section 3.2)."""

from __future__ import annotations

from statistics import median

from cockpit.search.metric import Metric
from cockpit.search.stopping.verdict import CONTINUE, History, Verdict


class MedianRule:
    """Stops a trial whose best value so far is worse than the median of the others' running averages.

    The averages run up to the same evaluation, over the trials that came that far. Nothing is stopped in the first
    `grace` evaluations, nor while fewer than `min_trials` others came that far.
    """

    def __init__(self, metric: Metric, grace: int = 1, min_trials: int = 3) -> None:
        self.metric, self.grace, self.min_trials = metric, grace, min_trials
        self.history = History(metric)

    def on_evaluation(self, trial: str, evaluation: int, value: float, final: bool) -> Verdict:
        best = max(self.history.record(trial, evaluation, value))
        if evaluation <= self.grace:
            return CONTINUE
        averages = [
            sum(values[:evaluation]) / evaluation
            for other, values in self.history.values.items()
            if other != trial and len(values) >= evaluation
        ]
        if len(averages) < self.min_trials:
            return CONTINUE
        threshold = median(averages)
        return Verdict(
            stop=best < threshold and not final,
            rule="median",
            evaluation=evaluation,
            value=self.metric.restored(best),
            threshold=self.metric.restored(threshold),
            rank=1 + sum(average > best for average in averages),
            of=len(averages) + 1,
        )
