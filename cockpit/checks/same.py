"""Whether two trials came out the same: every number that both recorded, side by side.

On a CPU the same work gives the same bits. Elsewhere sums are taken in another order each time: a float32 differs in
its seventh digit then, and training makes that larger with every step. So there, and between devices, values count as
the same within a thousandth of the largest that the metric had, which is less than people read of it.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import NamedTuple

from cockpit.checks.finding import OK, UNKNOWN, WARNING, Finding
from cockpit.store.reader import Index
from cockpit.store.rows import NormRow

RERUN = "rerun"  # what the check is called in the record
TOLERANCE = 1e-3
_OF_THE_MACHINE = re.compile(
    r"(?:^|[_/.])(?:time|times|seconds?|secs?|wait|elapsed|eta|mem|memory|throughput|speed|fps)(?:$|[_/.])"
    r"|(?:per_|/)s(?:ec)?$|_ms$"
)
_BESIDE = ("step", "group", "largest", "zero", "unchanged", "names")  # older records have none of the later ones
_NORMS = tuple(name for name in NormRow.__dataclass_fields__ if name not in _BESIDE)


class Place(NamedTuple):
    """Where a number stands: `table` is `step`, `eval` or `norm`, `phase` a parameter group in the last."""

    table: str
    phase: str
    step: int
    name: str

    def __str__(self) -> str:
        return f"{self.phase} {self.name} at step {self.step}"


class Difference(NamedTuple):
    """The value was, and is; None where there is none."""

    place: Place
    was: float | None
    now: float | None

    def __str__(self) -> str:
        was, now = ("nothing" if value is None else repr(value) for value in (self.was, self.now))
        return f"{self.place}: {was}, now {now}"


@dataclass(frozen=True)
class Sameness:
    """`numbers` were compared up to step `up_to`, and so many were `different` or `missing` the second time.

    `tolerance` is 0 where bits count. `largest` is the largest difference as a part of the largest value of its metric.
    `left_out` are metrics of the machine, such as times. `why` says why they cannot be the same, where that is so.
    """

    numbers: int
    different: int
    missing: int
    up_to: int
    tolerance: float
    largest: float
    first: Difference | None
    left_out: tuple[str, ...] = ()
    why: str = ""

    @property
    def same(self) -> bool | None:
        """None where it cannot be told."""
        if self.different or self.missing:
            return False
        return True if self.numbers and not self.why else None

    @property
    def finding(self) -> Finding:
        """What the record says of it."""
        level = {True: OK, False: WARNING, None: UNKNOWN}[self.same]
        return Finding(RERUN, level, self.text)

    @property
    def text(self) -> str:
        """In one line."""
        how = "to the bit" if not self.tolerance else f"within {self.tolerance:g} of each metric's largest value"
        numbers = f"{self.numbers:,} numbers" if self.numbers != 1 else "1 number"
        why = f"; {self.why}" if self.why else ""
        if self.same is False:
            missing = f", {self.missing:,} are missing" if self.missing else ""
            first = f"; the first is {self.first}" if self.first else ""
            return f"not the same: {self.different:,} of {numbers} differ ({how}){missing}{first}{why}"
        if not self.numbers:
            return f"cannot be told: there is no number to compare{why}"
        word = "same" if self.same else "cannot be told; so far the same"
        return f"{word}: {numbers} {how}, up to step {self.up_to}{why}"


def compare(
    one: Mapping[Place, float], other: Mapping[Place, float], tolerance: float, up_to: int, why: str = ""
) -> Sameness:
    """Compare what was recorded first with what was recorded again, up to a step."""
    known = {place: value for place, value in one.items() if place.step <= up_to}
    compared = {place: value for place, value in known.items() if not _OF_THE_MACHINE.search(place.name)}
    scales = _scales(compared)
    differences = [Difference(place, was, other.get(place)) for place, was in compared.items()]
    differing = [each for each in differences if not _is_same(each, tolerance * scales[_metric(each.place)])]
    parts = [_size(each) / scales[_metric(each.place)] for each in differences]
    missing = sum(each.now is None for each in differing)
    return Sameness(
        numbers=len(compared),
        different=len(differing) - missing,
        missing=missing,
        up_to=max((place.step for place in compared), default=0),
        tolerance=tolerance,
        largest=max(parts, default=0.0),
        first=min(differing, key=lambda each: _order(each.place), default=None),
        left_out=tuple(dict.fromkeys(place.name for place in known if place not in compared)),
        why=why,
    )


def numbers_of(index: Index, trial: str) -> dict[Place, float]:
    """Every number that a trial recorded, but for the times of its steps."""
    return dict([*_of_steps(index, trial), *_of_norms(index.norms(trial))])


def _of_steps(index: Index, trial: str) -> Iterator[tuple[Place, float]]:
    for row in index.steps(trial):
        yield from ((Place(row.kind, row.phase, row.step, name), value) for name, value in row.metrics.items())


def _of_norms(rows: Iterable[NormRow]) -> Iterator[tuple[Place, float]]:
    for row in rows:
        yield from ((Place("norm", row.group, row.step, name), float(getattr(row, name))) for name in _NORMS)


def _metric(place: Place) -> tuple[str, str, str]:
    return place.table, place.phase, place.name


def _scales(values: Mapping[Place, float]) -> dict[tuple[str, str, str], float]:
    """The largest absolute value of each metric; 1 where all are 0 or none is finite."""
    scales: dict[tuple[str, str, str], float] = {}
    for place, value in values.items():
        size = abs(value) if math.isfinite(value) else 0.0
        scales[_metric(place)] = max(size, scales.get(_metric(place), 0.0))
    return {metric: scale or 1.0 for metric, scale in scales.items()}


def _is_same(each: Difference, allowed: float) -> bool:
    if each.was is None or each.now is None:
        return False
    if math.isnan(each.was) or math.isnan(each.now):
        return math.isnan(each.was) and math.isnan(each.now)
    return each.was == each.now or abs(each.was - each.now) <= allowed


def _size(each: Difference) -> float:
    """How large it is; 0 where that is no number."""
    size = math.nan if each.was is None or each.now is None else abs(each.was - each.now)
    return size if math.isfinite(size) else 0.0


def _order(place: Place) -> tuple[bool, int, bool]:
    # Fine-tuning counts its steps from 0 again, so it comes after everything else.
    return place.phase.startswith("tune"), place.step, place.table == "eval"
