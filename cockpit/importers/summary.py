"""The summary of an experiment that was just imported, from what was counted: lists need not wait for its index."""

from __future__ import annotations

import json
import time
from typing import Any

from cockpit.events.codec import encodable
from cockpit.events.kinds import SweepStarted
from cockpit.importers.recording import Origin, Recording, Trial
from cockpit.store.folder import RunFolder
from cockpit.store.rows import SweepRow, TrialRow
from cockpit.store.summary import replace_file, summarize


def save_summary_of(run: RunFolder, recording: Recording, experiment: str, origin: Origin) -> None:
    """Write `summary.json`. Raises `OSError`."""
    begun = recording.begun(origin)
    started = recording.started(experiment, origin, begun)
    sweep = SweepRow(
        experiment=experiment,
        search=started.search,
        question=started.question,
        trainer=started.trainer,
        data=started.data,
        engine=started.engine,
        metric=started.metric,
        goal=started.goal,
        status="finished",
        reason="",
        trials=started.trials,
        varied=started.varied,
        command=started.command,
        host=started.host,
        pid=started.pid,
        environment={},
        started=begun,
        ended=begun,
        extra=started.extra,
    )
    rows = [_row(trial, recording.again(trial.run), started, begun) for trial in recording.trials.values()]
    summary = summarize(run, sweep, rows, time.time())
    replace_file(run.summary, json.dumps(encodable(summary), ensure_ascii=False))


def _row(trial: Trial, again: dict[str, Any], sweep: SweepStarted, begun: float) -> TrialRow:
    ended = trial.ended
    values = trial.tally.metrics.get(sweep.metric)
    known: dict[str, object] = dict.fromkeys(TrialRow._fields, "")
    known |= {
        "id": trial.id,
        "status": ended.status if ended else "finished",
        "baseline": trial.run.baseline,
        "seed": trial.run.seed,
        "attempt": 1,
        "config": trial.run.config,
        "effective": {},
        "extra": again,
        "total_steps": 0,
        "changed": 0,
        "started": begun,
        "ended": None,
        "best": values.best(sweep.goal) if values else None,
        "best_step": None,
        "best_metrics": {},
        "last": values.last if values else None,
        "evaluations": (),
        "steps": trial.tally.last_step,
        "epochs": trial.tally.epochs,
    }
    return TrialRow(**known)  # type: ignore[arg-type]
