"""What an entry says, gathered from the experiment's record and from those before it."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cockpit.checks.finding import Finding
from cockpit.checks.kept import Look, looks
from cockpit.checks.record import check_record
from cockpit.diary.noise import KnownNoise, known_noise
from cockpit.events.redaction import redacted
from cockpit.store import ranking
from cockpit.store.folder import RunFolder, experiments
from cockpit.store.history import History, read_history
from cockpit.store.noise import noise_from
from cockpit.store.reader import Index
from cockpit.store.row_gain import RowGain, read_row_gain
from cockpit.store.rows import CommandRow, NormSummary, SweepRow, TrialRow
from cockpit.store.scores import Score, scores
from cockpit.store.summary import read_summary
from cockpit.store.verdict import Verdict, verdict

TAIL_BYTES = 1 << 18  # of output.log; the last results are at its end
MOST_RESULTS = 100


@dataclass(frozen=True)
class Rival:
    """The best earlier experiment with the same trainer and metric."""

    experiment: str
    best: float


@dataclass(frozen=True)
class Facts:
    """Everything that an entry and a report are made of. `best` is the trial that they speak about most, `saved` are
    its files by label; `can_go_on` says that the sweep may be taken up again. `findings` are those of its record,
    `looks` the newest second look at each trial that had one, `noise` is known from earlier experiments,
    `rows` is what the best trial gains over the baseline on the rows that both scored.
    """

    sweep: SweepRow
    trials: list[TrialRow]
    baseline: TrialRow | None
    best: TrialRow | None
    rival: Rival | None
    results: list[str]
    norms: list[NormSummary]
    scores: list[Score]
    commands: list[CommandRow]
    history: History
    can_go_on: bool
    logs_name: str
    run_name: str
    saved: dict[str, str]
    verdict: Verdict
    noise: KnownNoise
    rows: RowGain | None
    findings: Sequence[Finding] = ()
    looks: Sequence[Look] = ()


def gather(logs: Path, run: RunFolder) -> Facts:
    """Read one experiment's record. Raises `FolderError` when there is nothing to read."""
    with Index(run) as index:
        sweep, trials = index.sweep(), index.trials()
        best = ranking.best_trial(trials, sweep.goal)
        earlier = _earlier(logs, run, sweep)
        return Facts(
            sweep=sweep,
            trials=trials,
            baseline=ranking.baseline_trial(trials),
            best=best,
            rival=_rival(earlier, sweep.goal),
            results=_results(run.trial(best.id).output) if best else [],
            norms=index.norm_summary(best.id) if best else [],
            scores=scores(run),
            commands=index.commands(),
            history=read_history(run),
            can_go_on=sweep.can_go_on and run.search.exists(),
            logs_name=logs.name,
            run_name=run.name,
            saved=index.saved(best.id) if best else {},
            verdict=verdict(sweep, trials),
            noise=known_noise((name, noise_from(summary.get("noise"))) for name, summary in earlier),
            rows=read_row_gain(run),
            findings=check_record(sweep, trials, index.trivial()),
            looks=list(looks(run).values()),
        )


def _earlier(logs: Path, run: RunFolder, sweep: SweepRow) -> list[tuple[str, dict[str, Any]]]:
    """Comparable experiments that began earlier, by their ids, with their summaries.

    No others count, so that an old entry stays the same when it is written again.
    """
    found = []
    for other in experiments(logs):
        summary = read_summary(other, time.time())
        comparable = all(summary.get(key) == getattr(sweep, key) for key in ("trainer", "metric", "goal", "data"))
        if other.name != run.name and comparable and (summary.get("started") or 0.0) < (sweep.started or 0.0):
            found.append((other.id, summary))
    return found


def _rival(earlier: Sequence[tuple[str, dict[str, Any]]], goal: str) -> Rival | None:
    found: Rival | None = None
    for name, summary in earlier:
        value = summary.get("best")
        if value is not None and (found is None or ranking.is_better(value, found.best, goal)):
            found = Rival(name, value)
    return found


def _results(output: Path) -> list[str]:
    """The last `[RESULT]` lines that the trial printed, oldest first."""
    try:
        with output.open("rb") as file:
            file.seek(max(0, output.stat().st_size - TAIL_BYTES))
            text = file.read().decode("utf-8", "replace")
    except OSError:
        return []
    lines = [line for line in text.splitlines() if line.startswith("[RESULT]")]
    return [redacted(line) for line in lines[-MOST_RESULTS:]]
