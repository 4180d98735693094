"""A blend as an experiment: one trial for each member by itself and for each way to merge them."""

from __future__ import annotations

import os
import socket
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from cockpit.ensemble.blend import Blend, Outcome
from cockpit.ensemble.members import Aligned
from cockpit.ensemble.scoring import GOAL
from cockpit.events.kinds import Attempt, Built, Eval, Saved, SweepEnded, SweepStarted, TrialEnded, TrialStarted
from cockpit.events.writer import EventWriter
from cockpit.store.folder import RunFolder, claim
from cockpit.store.rows import BLEND
from cockpit.store.summary import write_summary
from trainers.predictions import FILE, LABEL, Predictions, write_predictions

MOST_NAMED = 4  # members that one table cell names; all of them stand in the weights


@dataclass(frozen=True)
class Origin:
    """The command line that does the same again, when it began, and what it ran in."""

    command: str
    began: float
    environment: Mapping[str, Any] = field(default_factory=dict)


def record_blend(logs: Path, name: str, found: Blend, origin: Origin) -> RunFolder:
    """Write the experiment with its index and summary. Raises `FolderError` where the logs folder cannot be written."""
    run = claim(logs, name)
    ledger = EventWriter(run.sweep)
    try:
        ledger.write(_started(run, name, found, origin))
        for number, outcome in enumerate(found.outcomes):
            _record_trial(run, ledger, f"t{number:03d}", outcome, found)
        ledger.write(SweepEnded(status="finished", at=time.time()))
    finally:
        ledger.close()
    write_summary(run)
    return run


def config_of(outcome: Outcome) -> dict[str, Any]:
    """The trial's configuration. `weight.<member>` are the shares, so that no list has to be read out of a text."""
    names = outcome.members
    told = " + ".join(names) if len(names) <= MOST_NAMED else f"{len(names)} experiments"
    weights = {f"weight.{name}": weight for name, weight in zip(names, outcome.weights, strict=True)}
    return {"method": outcome.method, "members": told, **outcome.settings, **weights}


def metrics_of(outcome: Outcome, metric: str) -> dict[str, float]:
    """What the trial's evaluation reports; all but the metric itself are there where they mean something."""
    found = {metric: outcome.score}
    if outcome.in_sample is not None:
        found[f"{metric}_in_sample"] = outcome.in_sample
    if outcome.gain is not None:
        found |= {"gain": outcome.gain.value, "gain_low": outcome.gain.low, "gain_high": outcome.gain.high}
    return found


def _started(run: RunFolder, name: str, found: Blend, origin: Origin) -> SweepStarted:
    members = found.aligned.members
    data = {member.data for member in members}
    return SweepStarted(
        experiment=run.id,
        search=name,
        question=f"Are {_listed([member.name for member in members])} better merged than the best of them alone?",
        trainer=BLEND,
        data=data.pop() if len(data) == 1 else "",
        engine=BLEND,
        metric=found.aligned.metric,
        goal=GOAL,
        trials=len(found.outcomes),
        varied=["method", "members"],
        command=origin.command,
        host=socket.gethostname(),
        pid=os.getpid(),
        at=origin.began,
        environment=dict(origin.environment),
        extra={"dropped": dict(found.aligned.dropped), "skipped": dict(found.skipped)},
    )


def _record_trial(run: RunFolder, ledger: EventWriter, trial: str, outcome: Outcome, found: Blend) -> None:
    folder, config, at = run.trial(trial), config_of(outcome), time.time()
    folder.path.mkdir(parents=True)
    ledger.write(TrialStarted(trial=trial, config=config, baseline=outcome is found.best_single, at=at))
    metric = found.aligned.metric
    writer = EventWriter(folder.events)
    try:
        writer.write(Attempt(host=socket.gethostname(), pid=os.getpid(), device="none", at=at))
        writer.write(Built(effective=_effective(outcome, found)))
        writer.write(Eval(metrics=metrics_of(outcome, metric)))
        write_predictions(folder.path / FILE, _predictions(found.aligned, outcome))
        writer.write(Saved(path=FILE, label=LABEL))
    finally:
        writer.close()
    line = f"{outcome.method} of {', '.join(outcome.members)} over {len(found.aligned.ids)} rows"
    folder.output.write_text(f"{line}: {metric} {outcome.score:.6f}\n", encoding="utf-8")
    ledger.write(TrialEnded(trial=trial, status="finished", at=time.time()))


def _effective(outcome: Outcome, found: Blend) -> dict[str, Any]:
    """The configuration with what it was applied to: rows, whose trials, and in how many parts weights were scored."""
    members = {member.name: member for member in found.aligned.members}
    trials = {f"trials.{name}": "+".join(members[name].trials) for name in outcome.members}
    parts = {} if outcome.in_sample is None else {"parts": found.parts}
    return {**config_of(outcome), "rows": len(found.aligned.ids), **parts, **trials}


def _predictions(aligned: Aligned, outcome: Outcome) -> Predictions:
    return Predictions(aligned.ids, aligned.columns, outcome.scores, aligned.labels, aligned.metric, aligned.groups)


def _listed(names: Sequence[str]) -> str:
    if len(names) > MOST_NAMED:
        return f"{', '.join(names[:MOST_NAMED])} and {len(names) - MOST_NAMED} more"
    return f"{', '.join(names[:-1])} and {names[-1]}"
