"""JSON objects, and the dictionaries that the Hugging Face Trainer prints.

A JSON object with the `kind` of an event is that event. Without one its numbers are metrics, inner objects giving
prefixes, when it has the metric asked for, a name that only a metric has, or a step next to a number.
"""

from __future__ import annotations

import json
import math
import re
from typing import Any

from cockpit.events.codec import from_record
from cockpit.events.kinds import Eval, Event, Norms, Note, Saved, Step
from cockpit.events.text import one_line
from cockpit.printed.names import LONGEST_NAME, Wanted, is_phase, phase_of, split_phase
from cockpit.printed.numbers import NUMBER, count
from cockpit.printed.pairs import STEP_NAMES, counts
from cockpit.printed.reading import Reading

_OWN = (Step, Eval, Norms, Saved, Note)
_PHASE_NAMES = frozenset(("phase", "split", "stage", "mode", "kind"))
_STAMPS = frozenset(("time", "timestamp", "ts", "_timestamp", "_runtime", "elapsed", "elapsed_time", "created"))
_LONGEST_TIME = 1e8  # seconds of a run; more is a date
_DEPTH = 3
_LONGEST_NUMBER = 40
_QUOTED = re.compile(NUMBER, re.IGNORECASE)

_ENTRY = re.compile(rf"'([\w./@-]{{1,80}})': '?({NUMBER})'?(?=[,}}])", re.IGNORECASE)
_DICT = re.compile(r"\{'[\w./@-]{1,80}': ")


def read_json(text: str, wanted: Wanted) -> Event | Reading | None:
    """The event or the reading of a line that is one JSON object."""
    if not (text.startswith("{") and text.endswith("}")):
        return None
    try:
        record = json.loads(text)
    except (ValueError, RecursionError):
        return None
    if isinstance(record.get("kind"), str):
        event = from_record(record)
        if isinstance(event, _OWN):
            return event
    return _reading(record, wanted)


def _reading(record: dict[str, Any], wanted: Wanted) -> Reading | None:
    numbers: dict[str, float] = {}
    _flatten(record, "", _DEPTH, numbers)
    steps = {bare: value for name, value in numbers.items() if (bare := split_phase(name)[1].lower()) in STEP_NAMES}
    epoch = next((value for name, value in numbers.items() if name.lower() == "epoch"), None)
    times = [value for name, value in numbers.items() if name.lower() in _STAMPS and 0 <= value < _LONGEST_TIME]
    skipped = STEP_NAMES | _STAMPS | {"epoch"}
    values = tuple((name, value) for name, value in numbers.items() if split_phase(name)[1].lower() not in skipped)
    step = count(
        next((steps[name] for name in ("global_step", "step") if name in steps), next(iter(steps.values()), None))
    )
    phase = next(
        (v for k, v in record.items() if k.lower() in _PHASE_NAMES and isinstance(v, str) and is_phase(v)), None
    )
    has_place = step is not None or epoch is not None or phase is not None
    if not values or not counts([name for name, _ in values], step is not None, has_place, wanted):
        return None
    return Reading(
        form="json", values=values, phase=phase_of(phase) if phase else None, step=step, epoch=count(epoch),
        time=times[0] if times else None,
    )  # fmt: skip


def _flatten(record: dict[str, Any], before: str, depth: int, numbers: dict[str, float]) -> None:
    for key, value in record.items():
        name = one_line(before + key)
        if isinstance(value, dict) and depth > 1:
            _flatten(value, f"{name}/", depth - 1, numbers)
        elif 0 < len(name) <= LONGEST_NAME and (number := _float(value)) is not None:
            numbers[name] = number


def _float(value: Any) -> float | None:
    """A number, also one in quotes as fairseq writes them; None for anything else."""
    if isinstance(value, str):
        return float(value) if len(value) < _LONGEST_NUMBER and _QUOTED.fullmatch(value) else None
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    try:
        return float(value)
    except OverflowError:
        return math.inf


def read_trainer(text: str) -> Reading | list[Event] | None:
    """A dictionary of the Hugging Face Trainer; its epochs are fractions, its numbers may be quoted."""
    if not (_DICT.match(text) and text.endswith("}")):
        return None
    entries = [(name, float(value)) for name, value in _ENTRY.findall(text)]
    names = {name for name, _ in entries}
    if "epoch" not in names:
        return None
    if "train_runtime" in names:
        return [Note(text=text)]
    evaluated = any(name.startswith(("eval_", "test_")) for name in names)
    if not evaluated and "loss" not in names:
        return None
    facts = dict(entries)
    skipped = ("epoch", "eval_runtime", "step")
    return Reading(
        form="trainer",
        values=tuple((name, value) for name, value in entries if name not in skipped),
        phase=None if evaluated else "train",
        step=count(facts.get("step")),
        # 1.0 is the end of the first epoch, not the begin of the second.
        epoch=count(max(math.ceil(facts["epoch"]) - 1, 0)) if math.isfinite(facts["epoch"]) else None,
        time=facts.get("eval_runtime"),
        training=not evaluated,
    )
