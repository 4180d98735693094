"""An experiment as one JSON document: what `cockpit show --json` prints."""

from __future__ import annotations

import math
from typing import Any

from cockpit.store import ranking
from cockpit.store.numbers import utc_text
from cockpit.store.reader import Index
from cockpit.store.rows import TrialRow
from cockpit.store.scores import scores
from cockpit.store.summary import finite_or_none


def experiment_document(index: Index) -> dict[str, Any]:
    """Everything about one experiment but its steps."""
    sweep, trials = index.sweep(), index.trials()
    best = ranking.best_trial(trials, sweep.goal)
    baseline = ranking.baseline_trial(trials)
    return {
        "experiment": sweep.experiment,
        "name": index.run.name,
        "question": sweep.question,
        "trainer": sweep.trainer,
        "data": sweep.data,
        "engine": sweep.engine,
        "status": sweep.status,
        "reason": sweep.reason,
        "metric": sweep.metric,
        "mode": "max" if sweep.goal == "maximize" else "min",
        "varied": sweep.varied,
        "best_trial": best.id if best else None,
        "baseline": baseline.id if baseline else None,
        "scores": [
            {"value": score.value, "private": score.private, "at": utc_text(score.at)} for score in scores(index.run)
        ],
        "command": sweep.command,
        "started": utc_text(sweep.started),
        "ended": utc_text(sweep.ended),
        "environment": plain(sweep.environment),
        "trials": [trial_document(trial) for trial in trials],
    }


def trial_document(trial: TrialRow) -> dict[str, Any]:
    """One trial. `best` and `last` are values of the experiment's metric."""
    return {
        "id": trial.id,
        "status": trial.status,
        "stop_reason": trial.reason,
        "baseline": trial.baseline,
        "config": plain(trial.config),
        "effective": plain(trial.effective),
        "digest": trial.digest,
        "seed": trial.seed,
        "best": finite_or_none(trial.best),
        "best_step": trial.best_step,
        "best_metrics": plain(trial.best_metrics),
        "last": finite_or_none(trial.last),
        "evaluations": [finite_or_none(value) for value in trial.evaluations],
        "steps": trial.steps,
        "epochs": trial.epochs,
        "attempt": trial.attempt,
        "device": trial.device,
        "error": trial.error,
        "started": utc_text(trial.started),
        "ended": utc_text(trial.ended),
    }


def plain(value: Any) -> Any:
    """`value` without NaN and infinity, which JSON does not have."""
    if isinstance(value, float) and not math.isfinite(value):
        return None
    if isinstance(value, dict):
        return {key: plain(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [plain(inner) for inner in value]
    return value
