"""The experiments of a logs folder, as lists of them show them: read anew only where something changed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cockpit.store import ranking
from cockpit.store.folder import RunFolder, experiments
from cockpit.store.life import LIVE
from cockpit.store.summary import read_summary


@dataclass(frozen=True, slots=True)
class ExperimentRow:
    """One experiment of the list. `name` is its folder's, `silent` the seconds without a word from a running sweep.

    `delta` is the best against the baseline, positive for better. Scores are None while there are none. `verdict` is
    that of `cockpit.store.verdict`, empty where nothing is known.
    """

    name: str
    id: str
    search: str
    question: str
    status: str
    silent: float | None
    reason: str
    ended_trials: int
    paused_trials: int
    trials: int | None
    metric: str
    goal: str
    best: float | None
    best_trial: str
    baseline: float | None
    delta: float | None
    history: tuple[float | None, ...]
    leaderboard: float | None
    started: float | None
    ended: float | None
    trainer: str
    verdict: str


class Catalogue:
    """Looks at a logs folder again and again. A folder that is not there yet has no experiments."""

    def __init__(self, logs: Path) -> None:
        self._logs = logs
        self._known: dict[str, tuple[object, dict[str, Any]]] = {}

    def look(self, now: float) -> tuple[ExperimentRow, ...]:
        """All experiments, newest first, with their status as of `now`."""
        runs = experiments(self._logs)
        self._known = {run.name: self._summary(run, now) for run in runs}
        return tuple(experiment_row(run, self._known[run.name][1]) for run in reversed(runs))

    def _summary(self, run: RunFolder, now: float) -> tuple[object, dict[str, Any]]:
        """The summary with a mark of the file that it came from. One whose sweep lives is looked at every time."""
        mark = _mark(run.summary) or _mark(run.sweep)
        known = self._known.get(run.name)
        if known is not None and known[0] == mark and known[1]["status"] not in LIVE:
            return known
        return mark, read_summary(run, now)


def _mark(path: Path) -> object:
    try:
        stat = path.stat()
    except OSError:
        return None
    return stat.st_ino, stat.st_mtime_ns, stat.st_size


def experiment_row(run: RunFolder, summary: Mapping[str, Any]) -> ExperimentRow:
    """The row of one experiment, whatever its summary has."""
    goal = str(summary.get("goal") or "maximize")
    best, baseline = summary.get("best"), summary.get("baseline")
    return ExperimentRow(
        name=run.name,
        id=run.id,
        search=str(summary.get("search") or ""),
        question=str(summary.get("question") or ""),
        status=str(summary["status"]),
        silent=summary.get("silent"),
        reason=str(summary.get("reason") or ""),
        ended_trials=int(summary.get("ended_trials") or 0),
        paused_trials=int(summary.get("paused_trials") or 0),
        trials=summary.get("trials"),
        metric=str(summary.get("metric") or ""),
        goal=goal,
        best=best,
        best_trial=str(summary.get("best_trial") or ""),
        baseline=baseline,
        delta=ranking.gain(best, baseline, goal),
        history=tuple(summary.get("history") or ()),
        leaderboard=summary.get("leaderboard"),
        started=summary.get("started"),
        ended=summary.get("ended"),
        trainer=str(summary.get("trainer") or ""),
        verdict=str(summary.get("verdict") or ""),
    )
