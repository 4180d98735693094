"""What an entry says, gathered from the experiment's record and from those before it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from cockpit.checks.evidence import evidence_of
from cockpit.checks.finding import Finding
from cockpit.checks.kept import Look, looks
from cockpit.checks.registry import check_record
from cockpit.diary.past import Before, Past, gaps_before, past_of
from cockpit.events.redaction import redacted
from cockpit.store import ranking
from cockpit.store.folder import RunFolder
from cockpit.store.history import History, read_history
from cockpit.store.importance import read_importance
from cockpit.store.learning_rate import FoundRate, found_rate
from cockpit.store.reader import Index
from cockpit.store.row_gain import RowGain, read_row_gain
from cockpit.store.rows import CommandRow, NormSummary, SweepRow, TrialRow
from cockpit.store.runs import is_used_up
from cockpit.store.scores import Pair, Score, pairs, scores
from cockpit.store.verdict import Verdict, verdict

TAIL_BYTES = 1 << 18  # of output.log; the last results are at its end
MOST_RESULTS = 100
GAP = "../cv_lb.png"  # of all experiments
PICTURES = ("learning_rate.png", "curves.png", "importance.png", "slices.png", "parallel.png")


@dataclass(frozen=True)
class Facts:
    """Everything that an entry and a report are made of. `best` is the trial that they speak about most, `saved` are
    its files by label; `can_go_on` says that the sweep may be taken up again. `findings` are those of its record,
    `looks` the newest second look at each trial that had one, `rows` what the best trial gains over the baseline on the
    rows that both scored, `importance` the shares of varied parameters, largest first, `pictures` the files beside the
    report that show it. `evaluated` are the metrics that evaluations have where none has the one that ranks. `rate` is
    what an experiment found that looked for a learning rate.
    """

    sweep: SweepRow
    trials: list[TrialRow]
    baseline: TrialRow | None
    best: TrialRow | None
    before: Before
    results: list[str]
    norms: list[NormSummary]
    scores: list[Score]
    pairs: list[Pair]
    commands: list[CommandRow]
    history: History
    can_go_on: bool
    logs_name: str
    run_name: str
    saved: dict[str, str]
    verdict: Verdict
    rows: RowGain | None
    findings: Sequence[Finding] = ()
    looks: Sequence[Look] = ()
    importance: Mapping[str, float] = field(default_factory=dict)
    evaluated: Sequence[str] = ()
    pictures: Sequence[str] = ()
    rate: FoundRate | None = None


def gather(logs: Path, run: RunFolder, past: Past | None = None) -> Facts:
    """Read one experiment's record; `past` where it is known already. Raises `FolderError` when there is nothing."""
    with Index(run) as index:
        sweep, trials = index.sweep(), index.trials()
        baseline, best = ranking.baseline_trial(trials), ranking.best_trial(trials, sweep.goal)
        known = scores(run)
        rated = pairs(known, trials, best)
        before = (past or past_of(logs)).before(run)
        evidence = evidence_of(index, sweep, trials)
        if rated:
            evidence = replace(evidence, gaps=gaps_before(before, rated), gap=rated[-1].gap)
        return Facts(
            sweep=sweep,
            trials=trials,
            baseline=baseline,
            best=best,
            before=before,
            results=_results(run.trial(best.id).output) if best else [],
            norms=index.norm_summary(best.id) if best else [],
            scores=known,
            pairs=rated,
            commands=index.commands(),
            history=read_history(run),
            can_go_on=sweep.can_go_on and run.search.exists() and not is_used_up(sweep, trials),
            logs_name=logs.name,
            run_name=run.name,
            saved=index.saved(best.id) if best else {},
            verdict=verdict(sweep, trials),
            rows=read_row_gain(run),
            findings=check_record(evidence),
            looks=list(looks(run).values()),
            importance=read_importance(run, trials) or {},
            rate=found_rate(sweep, trials),
            evaluated=[] if best else _evaluated(index),
            pictures=[name for name in (*PICTURES, *([GAP] if rated else [])) if (run.path / name).exists()],
        )


def _evaluated(index: Index) -> list[str]:
    return sorted({name for kind, phase, name in index.metrics() if kind == "eval" and ranking.is_ranked(phase)})


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
