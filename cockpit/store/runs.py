"""Which trials are further runs of another trial's configuration, and what a configuration has come to.

A search may try every configuration on several seeds (`seeds`), and run its winner and its baseline again at the end on
seeds that no trial had (`confirm`). Each of these runs is a trial of its own, and says in `extra` whose it is.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from statistics import fmean
from typing import Protocol

from cockpit.store.numbers import counted
from cockpit.store.rows import SweepRow, TrialRow

_SETTLED = ("finished", "pruned", "failed", "diverged")  # statuses of trials that get no further attempt


class Run(Protocol):
    """A trial as far as it matters here. `repeat_of` and `confirms` name another trial, or are empty."""

    @property
    def id(self) -> str: ...
    @property
    def repeat_of(self) -> str: ...
    @property
    def confirms(self) -> str: ...
    @property
    def best(self) -> float | None: ...


def scores(runs: Iterable[Run]) -> dict[str, list[float]]:
    """What each searched trial and its repeats have come to, by the trial; runs without a value are left out.

    Runs that confirm do not count: who is best was decided without them.
    """
    found: dict[str, list[float]] = {}
    for run in runs:
        if run.best is not None and not run.confirms:
            found.setdefault(run.repeat_of or run.id, []).append(run.best)
    return found


def comparable(values: Mapping[str, Sequence[float]]) -> dict[str, float]:
    """The mean of each configuration's values, for those with most of them.

    A mean of few runs beats a mean of many by luck more easily, so the two are not held against each other.
    """
    most = max(map(len, values.values()), default=0)
    return {trial: fmean(found) for trial, found in values.items() if len(found) == most}


def configurations(trials: Sequence[TrialRow]) -> list[TrialRow]:
    """The searched trials; where one has repeats, `best` and `best_metrics` are means over all of its runs."""
    if not _has_further(trials):
        return list(trials)
    runs: dict[str, list[TrialRow]] = {}
    for trial in trials:
        if trial.repeat_of and trial.best is not None:
            runs.setdefault(trial.repeat_of, []).append(trial)
    return [_mean(trial, runs.get(trial.id, ())) for trial in trials if trial.is_searched]


def candidates(trials: Sequence[TrialRow]) -> list[TrialRow]:
    """Those of the `configurations` that can be the best."""
    if not _has_further(trials):
        return [trial for trial in trials if trial.best is not None]
    chosen = comparable(scores(trials))
    return [trial for trial in configurations(trials) if trial.id in chosen]


def is_used_up(sweep: SweepRow, trials: Sequence[TrialRow]) -> bool:
    """Whether all that was planned has come to an end, so that nothing can go on where the sweep is taken up again."""
    searched = sum(trial.is_searched for trial in trials)
    confirming = sum(bool(trial.confirms) for trial in trials)
    if sweep.trials is None or searched < sweep.trials or confirming < 2 * sweep.confirm:
        return False
    return all(trial.status in _SETTLED for trial in trials)


def counts_text(trials: Sequence[TrialRow]) -> str:
    """`24 trials`, `8 trials + 16 repeats + 6 confirmations`."""
    return counted(sum(trial.is_searched for trial in trials), "trial") + further_text(trials)


def further_text(trials: Sequence[TrialRow]) -> str:
    """` + 16 repeats + 6 confirmations`; empty where there are none."""
    repeats, confirming = sum(bool(trial.repeat_of) for trial in trials), sum(bool(trial.confirms) for trial in trials)
    parts = [counted(count, noun) for count, noun in ((repeats, "repeat"), (confirming, "confirmation")) if count]
    return "".join(f" + {part}" for part in parts)


def _has_further(trials: Sequence[TrialRow]) -> bool:
    """Asked before all else: screens look at ten thousand trials four times a second, and few searches repeat any."""
    return any(trial.extra and not trial.is_searched for trial in trials)


def _mean(trial: TrialRow, repeats: Sequence[TrialRow]) -> TrialRow:
    if not repeats or trial.best is None:
        return trial
    runs = [trial, *repeats]
    shared = [name for name in trial.best_metrics if all(name in run.best_metrics for run in runs)]
    metrics = {name: fmean(run.best_metrics[name] for run in runs) for name in shared}
    return trial._replace(best=fmean(run.best or 0.0 for run in runs), best_metrics=metrics)
