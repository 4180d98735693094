"""What Optuna knows of studies and trials, wherever it keeps it, as items.

The values that a trial ends with are `value` (`values_0`, `values_1` … where there are several objectives) or what the
study calls them; those that it reports on the way are `intermediate_value`. Both are evaluations.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from cockpit.events.text import one_line
from cockpit.importers.contract import About, Item, Run, RunEnded, Unread
from cockpit.importers.track import Row, Track
from cockpit.importers.values import Number, flattened, measured, shown, stamp
from cockpit.printed.names import split_phase

GOALS = {0: "", 1: "minimize", 2: "maximize"}
WAITING = "WAITING"
STATES = ("RUNNING", "COMPLETE", "PRUNED", "FAIL", WAITING)
METRIC_NAMES = "study:metric_names"
INTERMEDIATE = "intermediate_value"
_STATUS = {"COMPLETE": "finished", "PRUNED": "pruned", "FAIL": "failed", "RUNNING": "interrupted"}
_WHOLE = ("IntDistribution", "IntUniformDistribution", "IntLogUniformDistribution", "int")


@dataclass(slots=True)
class Study:
    """A study. `goals` has `minimize` or `maximize` for each objective."""

    name: str
    goals: Sequence[str]
    metric_names: Sequence[str] = ()
    question: str = ""
    trials: int = 0

    def objectives(self, count: int) -> list[str]:
        """The names of so many values of a trial."""
        if len(self.metric_names) == count:
            return list(self.metric_names)
        return ["value"] if count == 1 else [f"values_{index}" for index in range(count)]


@dataclass(slots=True)
class Trial:
    """A trial. Times are as they are stored."""

    number: int
    state: str = STATES[0]
    parameters: dict[str, Any] = field(default_factory=dict)
    values: Sequence[Any] = ()
    intermediate: dict[int, Any] = field(default_factory=dict)
    attributes: dict[str, Any] = field(default_factory=dict)
    began: Any = None
    ended: Any = None

    @property
    def is_over(self) -> bool:
        """Whether nothing can change any more."""
        return self.state in ("COMPLETE", "PRUNED", "FAIL")


def about(studies: Sequence[Study]) -> Iterator[Item]:
    """What the studies are judged by; of several, what the first is, and the others are told."""
    if not studies:
        return
    first = studies[0]
    named = split_phase(first.objectives(max(len(first.goals), 1))[0])[1]
    name = one_line(first.name) if len(studies) == 1 else ""
    yield About(name=name, question=first.question, metric=named, goal=next(iter(first.goals), ""))
    for study in studies[1:]:
        if list(study.goals) != list(first.goals):
            yield Unread(0, f"study {study.name}: judged by {list(study.goals)}, not as {first.name}")


def items(study: Study, trial: Trial, prefix: str) -> Iterator[Item]:
    """A trial. `prefix` stands before its number in its label, where there are several studies."""
    label = f"{prefix}{trial.number}"
    if trial.state == WAITING:
        yield Unread(0, f"{label}: waits, it never began")
        return
    key = f"{study.name} {trial.number}"
    results, others = flattened(trial.attributes)
    config = dict(trial.parameters) | {f"user_attrs.{name}": value for name, value in others.items()}
    began, ended = stamp(trial.began), stamp(trial.ended)
    yield Run(key=key, label=one_line(label), config=config, started=began)
    track = Track(key)
    for step, value in sorted(trial.intermediate.items()):
        found = _value(value)
        if found is None:
            yield Unread(0, f"{label}, step {step}: {shown(value)}")
        else:
            yield from track.events(Row(values={INTERMEDIATE: found}, evaluates=True, step=step))
    values = {}
    for name, value in zip(study.objectives(len(trial.values)), trial.values, strict=True):
        found = _value(value)
        if found is not None:
            values[name] = found
    time = None if began is None or ended is None else ended - began
    last = max(trial.intermediate, default=0)
    yield from track.events(Row(values=values | results, evaluates=True, step=last, time=time))
    yield RunEnded(key=key, status=_STATUS.get(trial.state, "interrupted"), reason=trial.state.lower(), ended=ended)


def _value(value: Any) -> Number | None:
    """A value; Optuna writes None for one that is not a number."""
    return float("nan") if value is None else measured(value)


def parameter(internal: Any, distribution: Any) -> Any:
    """A parameter as the program had it, of how it is stored and of its distribution."""
    try:
        known = json.loads(distribution) if isinstance(distribution, str) else distribution
        kind = known.get("name") or known.get("type")
        settings: Mapping[str, Any] = known.get("attributes", known)
        if "choices" in settings:
            return settings["choices"][int(internal)]
        return int(internal) if kind in _WHOLE else internal
    except (ValueError, TypeError, LookupError, AttributeError, OverflowError, RecursionError):
        return internal
