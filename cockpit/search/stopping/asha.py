"""Asynchronous successive halving (Li et al. 2018, arXiv:1810.05934), in the form that stops and never resumes."""

from __future__ import annotations

import math

from cockpit.search.metric import Metric
from cockpit.search.stopping.verdict import CONTINUE, Verdict


class AshaRule:
    """Compares a trial at its rungs, evaluations `min_iter`·`eta`^k, with all that reached the same rung before it.

    Of the n values at the rung, the trial's own among them, the best k = max(1, floor(n / eta)) go on; the threshold
    is the k-th best value, and a tie with it goes on. While n < eta nothing is stopped, since 1/eta of so few is less
    than one trial. Values stay at a rung when their trial has stopped. Fractional rungs are rounded down.
    """

    def __init__(self, metric: Metric, min_iter: int = 1, eta: float = 3.0) -> None:
        self.metric, self.min_iter, self.eta = metric, min_iter, eta
        self.rungs: dict[int, dict[str, float]] = {}

    def on_evaluation(self, trial: str, evaluation: int, value: float, final: bool) -> Verdict:
        for at, values in self.rungs.items():
            if at >= evaluation:
                # What an earlier attempt left further up has not happened yet.
                values.pop(trial, None)
        if not self._is_rung(evaluation):
            return CONTINUE
        rung = self.rungs.setdefault(evaluation, {})
        rung[trial] = own = self.metric.oriented(value)
        if len(rung) < self.eta:
            return CONTINUE
        ranked = sorted(rung.values(), reverse=True)
        threshold = ranked[max(1, math.floor(len(ranked) / self.eta)) - 1]
        return Verdict(
            stop=own < threshold and not final,
            rule="asha",
            evaluation=evaluation,
            value=value,
            threshold=self.metric.restored(threshold),
            rank=1 + sum(other > own for other in ranked),
            of=len(ranked),
            rung=evaluation,
        )

    def _is_rung(self, evaluation: int) -> bool:
        rung = float(self.min_iter)
        while int(rung) < evaluation:
            rung *= self.eta
        return int(rung) == evaluation
