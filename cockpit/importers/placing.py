"""A record of names and values, taken apart: what says where it stands, and what was measured."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

from cockpit.importers import columns
from cockpit.importers.track import Row
from cockpit.importers.values import Number, stamp
from cockpit.printed.names import is_phase, phase_of


@dataclass(frozen=True, slots=True)
class Places:
    """Which names say where a record stands; None where there is none.

    `elapsed` holds seconds since the run began, `stamp` a time of the calendar.
    """

    step: str | None = None
    epoch: str | None = None
    elapsed: str | None = None
    stamp: str | None = None
    phase: str | None = None

    @property
    def names(self) -> frozenset[str]:
        """All of them."""
        return frozenset(filter(None, (self.step, self.epoch, self.elapsed, self.stamp, self.phase)))


def places_among(
    names: Collection[str], sample: Mapping[str, Any], elapsed: Collection[str] = columns.ELAPSED
) -> Places:
    """What the names mean, with a record that shows what stands there. `elapsed` may leave meanings out."""
    step = columns.first_of(columns.STEPS, names, phased=True)
    epoch = columns.first_of(columns.EPOCHS, names, phased=True)
    phase = columns.first_of(columns.PHASES, names)
    if phase is not None and not (isinstance(sample.get(phase), str) and is_phase(sample[phase])):
        phase = None
    dated = columns.first_of((m for m in columns.STAMPS), [n for n in names if stamp(sample.get(n)) is not None])
    ran = columns.first_of(elapsed, [n for n in names if n != dated and stamp(sample.get(n)) is None])
    return Places(step, epoch, ran, dated, phase)


class Clock:
    """Seconds since the run began, from times of the calendar."""

    def __init__(self, began: float | None = None) -> None:
        self.began = began

    def since(self, at: float | None) -> float | None:
        """How long after the beginning; the first time that is asked about is the beginning where none was given."""
        if at is None:
            return None
        if self.began is None:
            self.began = at
        return at - self.began


def taken_out(others: dict[str, Any], places: Places) -> dict[str, Any]:
    """What stands in `others` where a place should be and is none; it is taken out."""
    strange = [name for name in (places.step, places.epoch, places.elapsed) if name in others]
    if places.stamp in others and stamp(others[places.stamp]) is None:
        strange.append(places.stamp)
    return {name: others.pop(name) for name in strange if name is not None}


def row_of(
    numbers: Mapping[str, Number], others: Mapping[str, Any], places: Places, clock: Clock,
    beside: Collection[str] = (), evaluates: bool = False,
) -> Row:  # fmt: skip
    """The row that a record makes. What stands at a place and is no place is a value."""
    values = dict(numbers)
    step = values.pop(places.step, None) if places.step else None
    epoch = values.pop(places.epoch, None) if places.epoch else None
    elapsed = values.pop(places.elapsed, None) if places.elapsed else None
    at = stamp(numbers.get(places.stamp, others.get(places.stamp))) if places.stamp else None
    if at is not None and places.stamp:
        values.pop(places.stamp, None)
    phase = others.get(places.phase) if places.phase else None
    return Row(
        values=values,
        phase=phase_of(phase) if isinstance(phase, str) and phase.strip() else None,
        evaluates=evaluates,
        step=step,
        epoch=epoch,
        time=clock.since(at) if elapsed is None else float(elapsed),
        beside=beside,
    )
