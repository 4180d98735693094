"""One run, told row by row: each row becomes a step of the training, evaluations, or both."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field

from cockpit.events.codec import RESERVED
from cockpit.events.kinds import Eval, Step
from cockpit.events.text import one_line
from cockpit.importers.axis import Axis
from cockpit.importers.columns import phase_by_company
from cockpit.importers.contract import Recorded
from cockpit.importers.values import Number, count
from cockpit.printed.names import Wanted, is_evaluation, same, split_phase

_MOST_PLANS = 256
_Group = tuple[str, bool, dict[str, str]]  # a phase, whether it is an evaluation, and the names by those of the source


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """What a source says at one place. Names are those of the source.

    `phase` holds for names that carry none; `evaluates` says that their values come from an evaluation. `time` is in
    seconds since the run began. `beside` are names that the source has beyond those of this row.
    """

    values: Mapping[str, Number]
    phase: str | None = None
    evaluates: bool = False
    step: Number | None = None
    epoch: Number | None = None
    time: float | None = None
    beside: Collection[str] = field(default_factory=tuple)


class Track:
    """Makes events of the rows of one run. `key` is that of its `Run`.

    `metric` is what the user asks to rank by: it is an evaluation of phase `valid` and called as he calls it, also
    where its name says nothing or that it is of the test set, unless a validation carries it too.
    """

    def __init__(self, key: str, metric: str = "") -> None:
        self._key = key
        self._wanted = Wanted(metric)
        self._axis = Axis()
        self._names: dict[tuple[str, str | None, bool], tuple[str, str]] = {}
        self._taken: set[tuple[str, str]] = set()
        self._epoch = 0
        self._has_steps = False
        self._plans: dict[tuple[tuple[str, ...], str | None, bool], list[_Group]] = {}

    def events(self, row: Row) -> Iterator[Recorded]:
        """The step of the training first, then the evaluations."""
        values = dict(row.values)
        step = self._place_of(row, values)
        for phase, evaluates, names in self._plan(row, values):
            metrics = {name: values[full] for full, name in names.items()}
            placed = self._axis.place(phase, metrics, step, evaluates)
            cls = Eval if evaluates else Step
            event = cls(phase=phase, epoch=self._epoch, step=placed, time=row.time, metrics=metrics)
            yield Recorded(self._key, event)

    def _plan(self, row: Row, values: Mapping[str, Number]) -> list[_Group]:
        """What becomes of values with these names; rows mostly have the same as others before them."""
        key = (tuple(values), row.phase, row.evaluates)
        plan = self._plans.get(key)
        if plan is None:
            if len(self._plans) >= _MOST_PLANS:
                self._plans.clear()
            plan = self._plans[key] = self._new_plan(row, values)
        return plan

    def _new_plan(self, row: Row, values: Mapping[str, Number]) -> list[_Group]:
        groups: dict[tuple[str, bool], dict[str, str]] = {}
        for full in values:
            phase, name = self._named(full, row)
            groups.setdefault((phase, row.evaluates or is_evaluation(phase)), {})[full] = name
        ordered = sorted(groups.items(), key=lambda group: group[0][1])
        return [(phase, evaluates, names) for (phase, evaluates), names in ordered]

    def _place_of(self, row: Row, values: dict[str, Number]) -> int | None:
        """The step that the row says, or the epoch in a run without steps; what is no such number joins the values."""
        step = count(row.step)
        if step is None and row.step is not None:
            values["steps"] = row.step
        self._has_steps = self._has_steps or step is not None
        epoch = row.epoch
        if epoch is not None:
            if 0 <= epoch < float(1 << 53):
                self._epoch = int(epoch)
            if epoch != self._epoch:
                values["epochs"] = epoch
        if step is None and not self._has_steps and epoch is not None and epoch == self._epoch:
            return self._epoch
        return step

    def _named(self, full: str, row: Row) -> tuple[str, str]:
        """The phase and the name of a value; no two have the same."""
        known = (full, row.phase, row.evaluates)
        found = self._names.get(known)
        if found is None:
            found = self._names[known] = self._new_name(full, row)
            self._taken.add(found)
        return found

    def _ranks(self, own: str | None, phase: str, bare: str, beside: Collection[str]) -> bool:
        """Whether it is the metric that was asked for, in a phase that would rank nothing."""
        wanted = self._wanted
        if not wanted.matches(phase, bare):
            return False
        if wanted.phase is not None:
            return True
        split = map(split_phase, beside)
        validated = any(other == "valid" and same(name) == wanted.key for other, name in split)
        return not validated and (own is None or phase == "test") and phase != "valid"

    def _new_name(self, full: str, row: Row) -> tuple[str, str]:
        full = one_line(full) or "value"
        own, bare = split_phase(full)
        beside = (*row.values, *row.beside)
        phase = own or row.phase or ("valid" if row.evaluates else phase_by_company(full, beside))
        if self._ranks(own, phase, bare, beside):
            phase, bare = "valid", self._wanted.name
        if bare in RESERVED and bare != full:
            bare = full
        candidates = (bare, full, f"{full}_value", *(f"{full}_{number}" for number in range(2, len(self._taken) + 3)))
        free = (name for name in candidates if name not in RESERVED and (phase, name) not in self._taken)
        return phase, next(free)
