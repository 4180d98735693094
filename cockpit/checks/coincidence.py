"""Trials that share the value of one metric, where values of that metric do not meet by chance."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence

from cockpit.checks.finding import WARNING, Finding, listed
from cockpit.store.rows import TrialRow

_FEWEST = 4  # different values of a metric before anything is said of how they are spread
_LARGEST_GRID = 2000  # rows; on fewer, equal shares of rows are nothing to wonder about
_ROUNDING = 5e-6  # of values that were printed with five digits


def shared_values(check: str, trials: Sequence[TrialRow]) -> Iterator[Finding]:
    """Two or three trials with one value of a metric, at their best, that all others do not share.

    Values 0 and 1 say nothing, and neither do trials that agree in all of their metrics, which is for another check to
    tell. Where some metric is a share of few rows, as accuracies of small data are, all others are coarse as well.
    """
    names = list(dict.fromkeys(name for trial in trials for name in trial.best_metrics))
    told = {name: _told(name, trials) for name in names}
    if any(_is_coarse(values.values()) for values in told.values()):
        return
    for name, values in told.items():
        groups = _alike(values)
        same = [trial for trial in trials if groups and trial.id in groups[0]]
        if len(groups) != 1 or len(same) > 3 or len(set(values.values())) < _FEWEST or not _differ(same):
            continue
        ids = [trial.id for trial in same]
        text = f"{listed(ids)} share {name} {values[ids[0]]:.5f} and differ in their other metrics"
        yield Finding(check, WARNING, f"{text}: predictions of the same model, or a number copied?", tuple(ids))


def _told(name: str, trials: Iterable[TrialRow]) -> dict[str, float]:
    """The values of a metric by trial."""
    found = {trial.id: trial.best_metrics[name] for trial in trials if name in trial.best_metrics}
    return {trial: value for trial, value in found.items() if math.isfinite(value) and value not in (0.0, 1.0)}


def _alike(values: dict[str, float]) -> list[list[str]]:
    groups: dict[float, list[str]] = {}
    for trial, value in values.items():
        groups.setdefault(value, []).append(trial)
    return [group for group in groups.values() if len(group) > 1]


def _differ(same: Sequence[TrialRow]) -> bool:
    """Whether each of them has other metrics than the others, and was built otherwise."""
    outcomes = {tuple(sorted(trial.best_metrics.items())) for trial in same}
    digests = [trial.digest for trial in same if trial.digest]
    return len(outcomes) == len(same) and len(set(digests)) == len(digests)


def _is_coarse(values: Iterable[float]) -> bool:
    """Whether all values are shares of one small number of rows."""
    distinct = {value for value in values if 0 < value < 1}
    if len(distinct) < _FEWEST:
        return False
    return any(
        all(abs(value * rows - round(value * rows)) <= rows * _ROUNDING for value in distinct)
        for rows in range(2, _LARGEST_GRID + 1)
    )
