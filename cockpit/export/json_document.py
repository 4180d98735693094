"""One JSON document: that of `cockpit show --json`, and in each trial everything that was recorded of it.

`record` is how `sweep.jsonl` would begin the experiment or the trial, `events` are lines as in a trial's
`events.jsonl`, each on a line of its own. In these, numbers that are not finite are the strings "NaN", "Infinity" and
"-Infinity"; elsewhere they are null. `cockpit import` reads the document back.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from cockpit.events.codec import encode
from cockpit.events.kinds import Eval, Event, Norms, Step
from cockpit.export.contract import Format
from cockpit.export.record import Record, sweep_started, trial_started, without_secrets
from cockpit.export.tables import norm_values
from cockpit.importers.exported_json import FIRST_LINE
from cockpit.store.document import experiment_document, plain
from cockpit.store.rows import StepRow, TrialRow

_KINDS = ("trials", "repeats", "confirmations")  # told apart there, each by what it says of itself here


def _text(record: Record) -> Iterator[str]:
    document = plain(without_secrets(experiment_document(record.index)))
    trials = {trial["id"]: trial for kind in _KINDS for trial in document.pop(kind)}
    document["environment"] = plain(dict(record.sweep.environment))
    yield f"{FIRST_LINE}\n"
    yield f'"experiment":{json.dumps(document, ensure_ascii=False)},\n'
    yield f'"record":{_line(sweep_started(record))},\n'
    yield '"trials":[\n'
    for number, trial in enumerate(record.trials):
        yield ",\n" if number else ""
        yield from _trial(record, trial, trials[trial.id])
    yield "\n]}\n"


def _trial(record: Record, trial: TrialRow, document: dict[str, Any]) -> Iterator[str]:
    document["files"] = without_secrets(record.index.saved(trial.id))
    yield f'{{"trial":{json.dumps(document, ensure_ascii=False)},\n'
    yield f'"record":{_line(trial_started(trial))},\n'
    yield '"events":[\n'
    for number, event in enumerate(_events(record, trial)):
        yield f"{',' if number else ''}{_line(event)}\n"
    yield "]}"


def _events(record: Record, trial: TrialRow) -> Iterator[Event]:
    yield from map(_step, record.steps(trial))
    for norm in record.norms(trial):
        beside = {"largest": norm.largest, "zero": norm.zero, "unchanged": norm.unchanged, "names": norm.names}
        yield Norms(step=norm.step, group=norm.group, **norm_values(norm), **beside)  # type: ignore[arg-type]
    yield from record.notes(trial)


def _step(row: StepRow) -> Step | Eval:
    if row.kind == "eval":
        return Eval(phase=row.phase, epoch=row.epoch, step=row.step, time=row.time, metrics=row.metrics)
    return Step(
        phase=row.phase, epoch=row.epoch, step=row.step, time=row.time, metrics=row.metrics, step_times=row.times
    )


def _line(event: Event) -> str:
    return encode(event).decode().rstrip("\n")


FORMAT = Format(name="json", summary="one document with everything that was recorded", endings=(".json",), text=_text)
