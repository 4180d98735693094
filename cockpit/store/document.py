"""An experiment as one JSON document: what `cockpit show --json` prints."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

from cockpit.store import ranking
from cockpit.store.history import AttemptRow, ChangeRow, changes_of, read_history
from cockpit.store.numbers import utc_text
from cockpit.store.paired import METHOD
from cockpit.store.pareto import front_trials
from cockpit.store.provenance import read_provenance
from cockpit.store.reader import Index
from cockpit.store.rows import CommandRow, TrialRow
from cockpit.store.scores import scores
from cockpit.store.summary import finite_or_none
from cockpit.store.verdict import Verdict, verdict


def experiment_document(index: Index, goals: Mapping[str, str] | None = None) -> dict[str, Any]:
    """Everything about one experiment but its steps.

    `trials` tried a configuration of their own; `repeats` and `confirmations` ran one of these once more. `goals` has
    `maximize` or `minimize` for each metric of a search for several; its trials then say in `front` whether they are
    on the Pareto front.
    """
    sweep, trials = index.sweep(), index.trials()
    commands, steered = index.commands(), index.steered()
    history = read_history(index.run)
    front = front_trials(trials, goals) if goals else set()
    best = ranking.best_trial(trials, sweep.goal)
    baseline = ranking.baseline_trial(trials)

    def told(trial: TrialRow) -> dict[str, Any]:
        changes = changes_of(steered.get(trial.id, ()), commands, trial.id)
        document = trial_document(trial, history.attempts.get(trial.id, ()), changes)
        return {**document, **({"front": trial.id in front} if goals else {})}

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
        "verdict": verdict_document(verdict(sweep, trials)),
        "scores": [
            {"value": score.value, "private": score.private, "at": utc_text(score.at)} for score in scores(index.run)
        ],
        "command": sweep.command,
        "started": utc_text(sweep.started),
        "ended": utc_text(sweep.ended),
        "environment": plain(sweep.environment),
        "rerun_of": sweep.extra.get("rerun_of"),
        "provenance": plain(read_provenance(index.run)),
        "taken_up": [{"at": utc_text(found.at), "after": found.after} for found in history.taken_up],
        "commands": [command_document(command) for command in commands],
        "trials": [told(trial) for trial in trials if trial.is_searched],
        "repeats": [told(trial) for trial in trials if trial.repeat_of],
        "confirmations": [told(trial) for trial in trials if trial.confirms],
    }


def verdict_document(found: Verdict) -> dict[str, Any]:
    """`better`, `worse` or `open`, with the pairs that say so; `low` and `high` are the ends of 97 %."""
    test = found.test
    return {
        "mark": found.mark,
        "text": found.text,
        "delta": found.delta,
        "low": test.low if test else None,
        "high": test.high if test else None,
        "p": test.p if test else None,
        "method": METHOD if test else None,
        "pairs": [
            {"seed": pair.seed, "winner": pair.winner.id, "baseline": pair.baseline.id, "gain": pair.gain}
            for pair in found.pairs
        ],
    }


TOLD = ("label", "change", "note", "parent")  # what the author of an imported run says of it


def command_document(command: CommandRow) -> dict[str, Any]:
    """What was asked of the sweep, and what came of it; `trial` is None where the whole sweep was meant."""
    return {
        "command": command.id,
        "name": command.name,
        "trial": command.trial or None,
        "settings": plain(command.settings),
        "who": command.who,
        "state": command.state,
        "text": command.text,
        "at": utc_text(command.at),
    }


def trial_document(
    trial: TrialRow, attempts: Sequence[AttemptRow] = (), changes: Sequence[ChangeRow] = ()
) -> dict[str, Any]:
    """One trial with its attempts and what was changed while it ran. `best` and `last` are of the sweep's metric."""
    return {
        "id": trial.id,
        **{name: trial.extra[name] for name in TOLD if name in trial.extra},
        "status": trial.status,
        "stop_reason": trial.reason,
        "baseline": trial.baseline,
        "repeat_of": trial.repeat_of or None,
        "confirms": trial.confirms or None,
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
        "attempts": [
            {
                "attempt": attempt.number,
                "after_step": attempt.after,
                "status": attempt.status or trial.status,
                "why": attempt.why,
                "error": attempt.error,
                "started": utc_text(attempt.started),
                "ended": utc_text(attempt.ended),
            }
            for attempt in attempts
        ],
        "steered": [
            {"from_step": change.step + 1, "settings": plain(change.settings), "who": change.who} for change in changes
        ],
        "device": trial.device,
        "error": trial.error,
        "started": utc_text(trial.started),
        "ended": utc_text(trial.ended),
    }


def found_document(index: Index, trial: str) -> dict[str, Any]:
    """What is read from a trial's events alone.

    `data_wait` is the share of its time that it waited for data, `untrained` names a few of the tensors that are not
    trained, and `files` has the newest path for each label.
    """
    frozen = index.frozen(trial)
    return {
        "data_wait": finite_or_none(index.wait_share(trial)),
        "untrained": {"tensors": frozen.tensors, "of": frozen.of, "names": list(frozen.names)},
        "files": index.saved(trial),
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
