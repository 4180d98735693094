"""Which of a line's values are a training step and which an evaluation."""

from __future__ import annotations

from dataclasses import replace
from typing import NamedTuple

from cockpit.events.kinds import Eval, Event, Step
from cockpit.printed.names import Wanted, is_evaluation, same, split_phase
from cockpit.printed.reading import Reading
from cockpit.printed.timeline import Timeline

_MOST_METRICS = 64  # of one line


class Group(NamedTuple):
    """One event: the names of its metrics, and at which place of the reading's values each one stands."""

    kind: str
    phase: str
    names: tuple[str, ...]
    places: dict[str, int]


class Sorter:
    """Makes events of readings.

    The phase of a value is the one in its name (`val_loss`), else that of its line, else training. The metric that
    trials are ranked by is an evaluation, phase `valid`, also where nothing says so: a line that carries it takes its
    other values along. Not when the line is plainly training; not when validation has been seen to carry it, since
    then the line without a phase is the training's. What carries it for the test set counts as validation as long as
    no validation does. It is written the way it was asked for, other names without their phase.
    """

    def __init__(self, wanted: Wanted, timeline: Timeline) -> None:
        self._wanted = wanted
        self._timeline = timeline
        self._validated = False

    def events(self, reading: Reading) -> list[Event]:
        """The step first, then the evaluations. A reading without values only moves the timeline."""
        epoch = self._timeline.enter(reading)
        found: list[Event] = []
        for group in self.groups(reading):
            step = self._timeline.step(reading, group.kind, group.phase, group.names)
            cls = Step if group.kind == "step" else Eval
            metrics = {name: reading.values[place][1] for name, place in group.places.items()}
            found.append(cls(phase=group.phase, epoch=epoch, step=step, time=reading.time, metrics=metrics))
        return found

    @property
    def state(self) -> bool:
        """What else than the reading's names decides which groups its values make."""
        return self._validated

    def groups(self, reading: Reading) -> list[Group]:
        """Which values make which event, steps first. The numbers themselves make no difference."""
        named = [(*split_phase(name), place) for place, (name, _) in enumerate(reading.values[:_MOST_METRICS])]
        rest = self._phase_of_rest(reading, named)
        groups: dict[tuple[str, str], dict[str, int]] = {}
        if not named and reading.kind:
            groups[reading.kind, reading.phase or "train"] = {}
        for own, bare, place in named:
            phase = own or rest
            name = bare
            if self._wanted.matches(phase, bare):
                phase, name = self._rank(phase, reading), self._wanted.name
            kind = reading.kind or ("eval" if is_evaluation(phase) else "step")
            groups.setdefault((kind, phase), {}).setdefault(name, place)
        ordered = sorted(groups.items(), key=lambda item: item[0][0] != "step")
        return [Group(kind, phase, tuple(places), places) for (kind, phase), places in ordered]

    def _phase_of_rest(self, reading: Reading, named: list[tuple[str | None, str, int]]) -> str:
        """The phase of the values whose names have none."""
        wanted = self._wanted
        if any((own or reading.phase) == "valid" and same(bare) == wanted.key for own, bare, _ in named):
            self._validated = True
        carried = any(own is None and wanted.matches(reading.phase, bare) for own, bare, _ in named)
        free = carried and not (reading.training or reading.kind or self._validated)
        if reading.phase not in (None, "test"):
            return reading.phase or "train"
        return "valid" if free and wanted.phase is None else reading.phase or "train"

    def _rank(self, phase: str, reading: Reading) -> str:
        """The phase of the metric that trials are ranked by."""
        if reading.kind or reading.training:
            return phase
        if self._wanted.phase is not None:
            return "valid"  # asked for by its full name, `train_loss` or `test_acc`: ranked whatever it is
        return "valid" if phase == "test" and not self._validated else phase


def only(reading: Reading, evaluations: bool) -> Reading:
    """The reading with those of its values whose names say that they are evaluations, or with the others."""
    kept = [(name, value) for name, value in reading.values if _is_evaluated(name) == evaluations]
    return replace(reading, values=tuple(kept))


def _is_evaluated(name: str) -> bool:
    own = split_phase(name)[0]
    return own is not None and is_evaluation(own)
