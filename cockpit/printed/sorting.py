"""Which of a line's values are a training step and which an evaluation."""

from __future__ import annotations

from dataclasses import replace

from cockpit.events.kinds import Eval, Event, Step
from cockpit.printed.names import Wanted, is_evaluation, same, split_phase
from cockpit.printed.reading import Reading
from cockpit.printed.timeline import Timeline

_MOST_METRICS = 64  # of one line


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
        groups = self._groups(reading)
        found: list[Event] = []
        for (kind, phase), metrics in sorted(groups.items(), key=lambda item: item[0][0] != "step"):
            step = self._timeline.step(reading, kind, phase, tuple(metrics))
            cls = Step if kind == "step" else Eval
            found.append(cls(phase=phase, epoch=epoch, step=step, time=reading.time, metrics=metrics))
        return found

    def _groups(self, reading: Reading) -> dict[tuple[str, str], dict[str, float]]:
        named = [(*split_phase(name), value) for name, value in reading.values[:_MOST_METRICS]]
        rest = self._phase_of_rest(reading, named)
        groups: dict[tuple[str, str], dict[str, float]] = {}
        if not named and reading.kind:
            groups[reading.kind, reading.phase or "train"] = {}
        for own, bare, value in named:
            phase = own or rest
            name = bare
            if self._wanted.matches(phase, bare):
                phase, name = self._rank(phase, reading), self._wanted.name
            kind = reading.kind or ("eval" if is_evaluation(phase) else "step")
            groups.setdefault((kind, phase), {}).setdefault(name, value)
        return groups

    def _phase_of_rest(self, reading: Reading, named: list[tuple[str | None, str, float]]) -> str:
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
