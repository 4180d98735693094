"""Where a named value of a run belongs: a training step or an evaluation, its phase, and its bare name."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from cockpit.events.kinds import Eval, Step
from cockpit.events.text import one_line
from cockpit.printed.names import is_evaluation, split_phase

EPOCH, TIME = "epoch", "time"  # fields of a step and no metrics of it
_TAKEN = frozenset(("v", "kind", "phase", "step", TIME))  # what events call something else
_LONGEST = 200


class Place(NamedTuple):
    """Of `val/acc`: an evaluation of phase `valid`, in which it is called `acc`."""

    make: type[Step] | type[Eval]
    phase: str
    name: str


def place_of(name: str, phase: str = "") -> Place:
    """The place of a value by what it is called; `phase` is that of names which tell none."""
    told, bare = split_phase(one_line(name, _LONGEST))
    phase = told or phase or "train"
    bare = bare or "value"
    return Place(Eval if is_evaluation(phase) else Step, phase, f"{bare}_" if bare in _TAKEN else bare)


def events_of(
    values: Iterable[tuple[str, float]], *, step: int, epoch: int = 0, time: float | None = None
) -> Iterable[Step | Eval]:
    """The values that were told together, as one event for each phase, in the order in which they came."""
    groups: dict[tuple[type[Step] | type[Eval], str], dict[str, float]] = {}
    for name, value in values:
        place = place_of(name)
        groups.setdefault((place.make, place.phase), {})[place.name] = value
    for (make, phase), metrics in groups.items():
        yield make(phase=phase, epoch=epoch, step=step, time=time, metrics=metrics)
