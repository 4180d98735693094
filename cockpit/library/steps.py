"""`log` and `evaluate`: one line of the loop becomes one event."""

from __future__ import annotations

import time as clock
from collections.abc import Mapping
from typing import Any

from cockpit.events.kinds import Eval, Step
from cockpit.library.guard import complain, never_raises
from cockpit.library.recorder import Recorder, current
from cockpit.library.values import flat, whole_number

TRAIN, VALID = "train", "valid"


@never_raises
def log(
    values: Mapping[str, Any] | None = None,
    /,
    step: int | None = None,
    *,
    epoch: int | None = None,
    phase: str | None = None,
    time: float | None = None,
    **metrics: Any,
) -> None:
    """Record one training step, or one evaluation when `phase` is not `train…`.

    `cockpit.log(step=10, loss=0.3, lr=1e-3)`, or a mapping as other trackers take it: `cockpit.log({"loss": 0.3}, 10)`.
    Numbers of numpy and 0-d tensors are numbers, `{"a": {"b": 1}}` is the metric `a/b`. Without `step` steps are
    counted from 1 on, without `epoch` it is the last one given. `time` is seconds since the phase began; without it,
    since its first record.
    """
    recorder = current()
    if recorder is None:
        return
    found = flat(metrics) if values is None else flat({**_mapping(values), **metrics})
    # As keys of the mapping these mean what the arguments mean: `{"epoch": 3, "loss": 0.3}`.
    given = [given if given is not None else found.get(name) for name, given in (("step", step), ("epoch", epoch))]
    phase = str(phase or found.get("phase") or TRAIN)
    time = _seconds(time if time is not None else found.get("time"))
    for name in ("step", "epoch", "phase", "time"):
        found.pop(name, None)
    recorder.epoch = _number(given[1], "epoch", recorder.epoch)
    if phase.startswith(TRAIN):
        _step(recorder, phase, given[0], time, found)
    else:
        _evaluation(recorder, phase, given[0], time, found)


def evaluate(
    values: Mapping[str, Any] | None = None,
    /,
    step: int | None = None,
    *,
    epoch: int | None = None,
    phase: str = VALID,
    time: float | None = None,
    **metrics: Any,
) -> None:
    """Record one evaluation over a whole data set: `cockpit.evaluate(score=0.91)`. Early stops and rankings use these.

    Without `step` it is that of the last training step. `phase` is the data set: `valid`, or a name of one's own;
    names that begin with `tune` are shown and never ranked. `time` is how many seconds the evaluation took.
    """
    log(values, step, epoch=epoch, phase=phase, time=time, **metrics)


def _step(recorder: Recorder, phase: str, step: Any, time: float | None, metrics: dict[str, Any]) -> None:
    recorder.step = _number(step, "step", (recorder.step or 0) + 1)
    now = clock.monotonic()
    time = now - recorder.begun.setdefault(phase, now) if time is None else time
    recorder.write(Step(phase=phase, epoch=recorder.epoch, step=recorder.step, time=time, metrics=metrics))


def _evaluation(recorder: Recorder, phase: str, step: Any, time: float | None, metrics: dict[str, Any]) -> None:
    count = recorder.counts[phase] = recorder.counts.get(phase, 0) + 1
    # A script that logs no steps at all still has one evaluation after the other.
    at = _number(step, "step", count if recorder.step is None else recorder.step)
    recorder.write(Eval(phase=phase, epoch=recorder.epoch, step=at, time=time, metrics=metrics))


def _mapping(values: Any) -> Mapping[Any, Any]:
    if isinstance(values, Mapping):
        return values
    complain(f"log takes a mapping or names, not {type(values).__name__}; recorded as `value`")
    return {"value": values}


def _number(value: Any, name: str, otherwise: int) -> int:
    if value is None:
        return otherwise
    number = whole_number(value)
    if number is None:
        complain(f"a value of type {type(value).__name__} is no {name}; {otherwise} is taken instead")
        return otherwise
    return number


def _seconds(value: Any) -> float | None:
    try:
        return None if value is None else float(value)
    except Exception:  # whatever a foreign type raises
        return None
