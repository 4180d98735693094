"""Checks of how trials trained: losses that explode, over-fitting, waiting for data, ending too early or at an edge."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise
from statistics import fmean
from typing import Any

from cockpit.checks.evidence import Evidence
from cockpit.checks.finding import REMARK, WARNING, Finding, listed
from cockpit.store import ranking
from cockpit.store.data_wait import LONG_WAIT, wait_share, waiting_text
from cockpit.store.numbers import metric_text, setting_text
from cockpit.store.rows import TrialRow
from cockpit.store.series import Bucket

DIVERGED, EXPLODED, OVERFIT, WAITED = "divergence", "loss explosion", "over-fitting", "data wait"
UNFINISHED, EDGE = "still improving", "edge of the range"

EXPLODES, OVER_FIRST = 10.0, 3.0  # times the lowest loss so far, and times that at the beginning
LEAST_EVALUATIONS = 4
WORSE_FOR = 2  # evaluations after the best one
WORSE_BY = 0.1  # of the range of a trial's evaluations
STILL_FALLS = 0.95  # the training loss at the end against that at the best evaluation
STILL_RISES = 0.05  # of a trial's whole gain, in its last evaluation
LEAST_AT_EDGE, LEAST_VALUES, OUTERMOST = 3, 8, 0.1  # trials, distinct values, part of the range


def diverged(evidence: Evidence) -> Iterator[Finding]:
    """Trials whose loss or metric was no number any more."""
    lost = [trial for trial in evidence.trials if trial.status == "diverged"]
    if lost:
        why = lost[0].reason or "its loss is not finite"
        text = f"{listed(trial.id for trial in lost)} diverged ({why}): is the learning rate too high?"
        yield Finding(DIVERGED, WARNING, text, tuple(trial.id for trial in lost))


def exploded(evidence: Evidence) -> Iterator[Finding]:
    """Training losses that leap far above what they had come down to, and above where they began."""
    found = {trial: spike for trial, buckets in evidence.losses.items() if (spike := _spike(buckets))}
    if found:
        step, high, low = next(iter(found.values()))
        text = f"{listed(found)}: the training loss leaps to {metric_text(high)} about step {step}, after {low:.3g}"
        yield Finding(EXPLODED, WARNING, f"{text}: gradients not clipped, or a bad batch?", tuple(found))


def overfit(evidence: Evidence) -> Iterator[Finding]:
    """Trials that get worse on held-out data while their training loss goes on falling."""
    metric = evidence.sweep.metric
    for trial in evidence.trials:
        values = _finite(trial)
        if trial.id not in evidence.losses or len(values) < LEAST_EVALUATIONS or trial.best_step is None:
            continue
        best = ranking.best_of(values, evidence.sweep.goal)
        since = len(values) - 1 - values.index(best) if best is not None else 0
        fallen = -(ranking.gain(values[-1], best, evidence.sweep.goal) or 0.0)
        before, after = _at(evidence.losses[trial.id], trial.best_step), evidence.losses[trial.id][-1].mean
        if since < WORSE_FOR or fallen < WORSE_BY * (max(values) - min(values)) or before is None or after is None:
            continue
        if 0 < after < STILL_FALLS * before:
            text = f"{trial.id}: {metric} {metric_text(best)} → {metric_text(values[-1])} over the last {since} "
            text += f"evaluations while the training loss falls {before:.3g} → {after:.3g}: over-fitting?"
            yield Finding(OVERFIT, WARNING, text, (trial.id,))


def waited(evidence: Evidence) -> Iterator[Finding]:
    """Trials that stood still for want of data."""
    shares = {trial: share for trial, buckets in evidence.waits.items() if (share := _wait(buckets)) > LONG_WAIT}
    if shares:
        worst = max(shares, key=lambda trial: shares[trial])
        settings = next((trial.settings for trial in evidence.trials if trial.id == worst), {})
        yield Finding(WAITED, WARNING, f"{listed(shares)} {waiting_text(shares[worst], settings)}", tuple(shares))


def unfinished(evidence: Evidence) -> Iterator[Finding]:
    """The best trial ended while it still got better by a good part of what it had gained."""
    best = ranking.best_trial(evidence.trials, evidence.sweep.goal)
    if best is None or best.status != "finished":
        return
    values = _finite(best)
    if len(values) < LEAST_EVALUATIONS or ranking.best_of(values, evidence.sweep.goal) != values[-1]:
        return
    whole, last = abs(values[-1] - values[0]), abs(values[-1] - values[-2])
    if last > STILL_RISES * whole > 0:
        text = f"{best.id} is best at its last evaluation and still improving ({values[-1] - values[-2]:+.2g})"
        yield Finding(UNFINISHED, REMARK, f"{text}: more epochs?", (best.id,))


def at_edge(evidence: Evidence) -> Iterator[Finding]:
    """Numbers of which the best trials have the outermost that were tried: the best may lie beyond.

    Where few values were tried the mean score must get better from each to the next. That is chance where every value
    was tried once, so there must be four of them then, with nothing else varied.
    """
    scored = [trial for trial in ranking.ranked(evidence.trials, evidence.sweep.goal) if _is_finite(trial.best)]
    for name in evidence.sweep.varied:
        trials = [trial for trial in scored if _is_number(trial.config.get(name))]
        values = sorted({float(trial.config[name]) for trial in trials})
        if len(values) < LEAST_AT_EDGE:
            continue
        few = len(values) < LEAST_VALUES
        alone = len(evidence.sweep.varied) == 1 and len(values) > LEAST_AT_EDGE
        if few and not alone and len(trials) < LEAST_AT_EDGE * len(values):
            continue
        side = (_rising if few else _outermost)(name, values, trials, evidence.sweep.goal)
        if side is not None:
            edge = setting_text(trials[0].config[name])
            text = f"the best {name} ({edge}) is at the edge of what was tried, {setting_text(values[0])}–"
            yield Finding(EDGE, REMARK, f"{text}{setting_text(values[-1])}: better beyond?", (trials[0].id,))


def _rising(name: str, values: Sequence[float], trials: Sequence[TrialRow], goal: str) -> float | None:
    """The end of the values to which the mean score gets better from value to value."""
    means = [fmean(trial.best or 0.0 for trial in trials if float(trial.config[name]) == value) for value in values]
    for end, ordered in ((values[-1], means), (values[0], means[::-1])):
        steps = [ranking.gain(after, before, goal) or 0.0 for before, after in pairwise(ordered)]
        if all(step > 0 for step in steps) and float(trials[0].config[name]) == end:
            return end
    return None


def _outermost(name: str, values: Sequence[float], trials: Sequence[TrialRow], goal: str) -> float | None:
    """The end of the values near which the best three trials all lie, by the logarithm where they span decades."""
    wide = values[0] > 0 and values[-1] / values[0] >= 100
    scale = math.log if wide else float
    low, high = scale(values[0]), scale(values[-1])
    places = [(scale(float(trial.config[name])) - low) / (high - low) for trial in trials[:LEAST_AT_EDGE]]
    if all(place >= 1 - OUTERMOST for place in places):
        return values[-1]
    return values[0] if all(place <= OUTERMOST for place in places) else None


def _spike(buckets: Sequence[Bucket]) -> tuple[int, float, float] | None:
    """Step and height of the first leap of a loss, and what it had come down to."""
    first = next((bucket.mean for bucket in buckets if bucket.mean is not None), None)
    lowest = math.inf
    for bucket in buckets:
        if bucket.mean is None or bucket.high is None or first is None:
            continue
        if lowest > 0 and bucket.high > max(EXPLODES * lowest, OVER_FIRST * first):
            return bucket.first_step, bucket.high, lowest
        lowest = min(lowest, bucket.mean)
    return None


def _at(buckets: Iterable[Bucket], step: int) -> float | None:
    """The mean in the bucket that a step is in."""
    return next((bucket.mean for bucket in buckets if bucket.last_step >= step), None)


def _wait(buckets: Sequence[Bucket]) -> float:
    return wait_share((bucket.first_step, bucket.mean) for bucket in buckets)


def _finite(trial: TrialRow) -> list[float]:
    return [value for value in trial.evaluations if value is not None and math.isfinite(value)]


def _is_finite(value: float | None) -> bool:
    return value is not None and math.isfinite(value)


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
