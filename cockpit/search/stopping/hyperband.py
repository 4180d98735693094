"""Early termination as W&B does it under the name of hyperband."""

from __future__ import annotations

from cockpit.search.early import Hyperband
from cockpit.search.metric import Metric
from cockpit.search.stopping.verdict import CONTINUE, History, Verdict

# No trial has as many evaluations; the bands of a small eta would go on much longer.
LAST_BAND = 10**9


class HyperbandRule:
    """Compares a trial, at each of its evaluations, at the largest band that it has reached.

    The threshold of band b is the value at index int(n / eta), from the best, of the b-th values of all n trials that
    have one. A trial stops if its own b-th value (`strict`), or else its best value so far, is worse. With n < eta the
    index is 0, so everything but the best stops. Values that come later move a threshold, so a trial that passed a
    band may still fall at it. One difference to W&B: a value that is not a number counts as the worst there is, where
    W&B drops it and so lets a diverged trial run.
    """

    def __init__(self, metric: Metric, settings: Hyperband) -> None:
        self.metric, self.eta, self.strict = metric, settings.eta, settings.strict
        self.bands = bands_of(settings)
        self.history = History(metric)

    def on_evaluation(self, trial: str, evaluation: int, value: float, final: bool) -> Verdict:
        own = self.history.record(trial, evaluation, value)
        band = max((band for band in self.bands if band <= evaluation), default=0)
        if not band:
            return CONTINUE
        ranked = sorted((h[band - 1] for h in self.history.values.values() if len(h) >= band), reverse=True)
        threshold = ranked[int(len(ranked) / self.eta)]
        judged = own[band - 1] if self.strict else max(own)
        return Verdict(
            stop=judged < threshold and not final,
            rule="hyperband",
            evaluation=evaluation,
            value=self.metric.restored(judged),
            threshold=self.metric.restored(threshold),
            rank=1 + sum(other > judged for other in ranked),
            of=len(ranked),
            rung=band,
        )


def bands_of(settings: Hyperband) -> list[int]:
    """The evaluations at which trials are compared, in ascending order."""
    bands: list[int] = []
    if settings.max_iter is not None:
        band = float(settings.max_iter)
        for _ in range(settings.s or 0):
            band /= settings.eta
            if band < 1:
                break
            bands.append(int(band))
        return sorted(bands)
    band = float(settings.min_iter or 1)
    while len(bands) < 100 and band <= LAST_BAND:
        bands.append(int(band))
        band *= settings.eta
    return bands
