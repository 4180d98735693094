"""What is wrong with gradients, said as soon as the norm table shows it, with the names of the tensors where known."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from statistics import median
from typing import NamedTuple

from cockpit.events.text import shortened
from cockpit.store.rows import NormRow

EXPLODES = 20.0  # times the group's own median so far, or that of the first quarter of the run
ROWS_FOR_A_MEDIAN = 5  # fewer say nothing of what is usual
ROWS_FOR_A_QUARTER = 12
ROWS_FOR_A_HABIT = 3  # a tensor without a gradient in one batch is none that never gets any
LONGEST_GROUP = 28  # of a layer's name before what is wrong with it: a screen may have 80 columns
MOST_GROUPS = 3  # of those that share a line
MOST_DIGITS = 1e5
LARGE_UPDATE = 0.1  # of the parameters' own norm in one step; 1e-3 is usual


@dataclass(frozen=True)
class NormAlert:
    """One line for people about one parameter group, and the newest step at which it was seen. `kind` is a word for it.

    `nonfinite`, `zero` (no gradient at all), `dead` (some tensors never get one), `stuck` (some tensors get one and do
    not change), `exploding`, `growing` (over the whole run) or `update`. `names` are tensors that it is about. `shared`
    is what can be said of several groups at once; empty where the text is about this one alone.
    """

    group: str
    step: int
    kind: str
    text: str
    names: tuple[str, ...] = ()
    shared: str = ""


def norm_alerts(rows: Sequence[NormRow], *, whole: bool = True) -> list[NormAlert]:
    """The newest alert of each kind and group, newest first. `rows` are in the order of steps.

    Where they are not the `whole` record but the newest part of it, nobody knows since when what begins with them is
    so, and it is not told.
    """
    groups: dict[str, list[NormRow]] = {}
    for row in rows:
        groups.setdefault(row.group, []).append(row)
    newest: dict[tuple[str, str], NormAlert] = {}
    for found in groups.values():
        for alert in (*_of_group(found, whole), *_growing(found)):
            newest[alert.group, alert.kind] = alert
    return sorted(newest.values(), key=lambda alert: -alert.step)


def alert_lines(alerts: Iterable[NormAlert]) -> list[str]:
    """The alerts in words, in their order; groups that have the same trouble at the same steps share a line."""
    lines: dict[str, list[NormAlert]] = {}
    for alert in alerts:
        lines.setdefault(alert.shared or alert.text, []).append(alert)
    return [_line(text, found) for text, found in lines.items()]


def _line(shared: str, alerts: Sequence[NormAlert]) -> str:
    if len(alerts) == 1:
        return alerts[0].text
    groups = [shortened(alert.group, LONGEST_GROUP) for alert in alerts]
    return f"{_listed(groups[:MOST_GROUPS], len(groups))}: {shared}"


def standing_out(row: NormRow) -> str:
    """`no gradient: head.bias and 3 more; unchanged: body.weight`; empty where no tensor stands out."""
    counts = (
        ("no gradient", "zero", row.zero),
        ("unchanged", "unchanged", row.unchanged),
        ("not finite", "nonfinite", row.nonfinite),
    )
    known = ((words, row.names.get(word, ()), count) for words, word, count in counts if count)
    return "; ".join(f"{words}: {_listed(names, count)}" for words, names, count in known if names)


def _of_group(rows: Sequence[NormRow], whole: bool) -> Iterable[NormAlert]:
    usual: list[float] = []
    span = _Span(None if whole else rows[0].step, rows[-1].step)
    zero, unchanged, spell = _Habit("zero"), _Habit("unchanged"), _Spell()
    for row in rows:
        trouble = _judge(row, usual)
        first = spell.seen(row, trouble.kind)
        if trouble.kind:
            yield _alert(row, trouble, span.when(first, row.step))
        dead, stuck = zero.seen(row), unchanged.seen(row)
        if dead and trouble.kind != "zero":
            what = f"no gradient reaches {_listed(dead, row.zero)}"
            yield _alert(row, _Trouble("dead", what, dead), span.when(zero.first, row.step))
        if stuck:
            what = f"gradients do not change {_listed(stuck, row.unchanged)}"
            yield _alert(row, _Trouble("stuck", what, stuck), span.when(unchanged.first, row.step))
        if math.isfinite(row.grad_mean):
            usual.append(row.grad_mean)


class _Trouble(NamedTuple):
    """What is wrong in one row: its kind, its words, the tensors, and words that fit other groups as well."""

    kind: str = ""
    text: str = ""
    names: tuple[str, ...] = ()
    shared: str = ""


class _Span(NamedTuple):
    """The steps of a group's rows. `cut` is the first of them where there are older ones that are not known."""

    cut: int | None
    last: int

    def when(self, first: int, step: int) -> str:
        """`at step 60`, `since step 50` or `at steps 50–60` for what was so from one step to another."""
        if first in (step, self.cut):
            return f"at step {step}"
        return f"since step {first}" if step == self.last else f"at steps {first}–{step}"


class _Spell:
    """Since when one kind of trouble has been there in every row."""

    def __init__(self) -> None:
        self._kind = ""
        self._first = 0

    def seen(self, row: NormRow, kind: str) -> int:
        """The step since which it has been this kind."""
        if kind != self._kind:
            self._kind, self._first = kind, row.step
        return self._first


class _Habit:
    """Which tensors have been counted for a word in every row of the last few."""

    def __init__(self, word: str) -> None:
        self._word = word
        self._known: dict[str, tuple[int, int]] = {}  # rows in sequence, and the step of the first

    def seen(self, row: NormRow) -> tuple[str, ...]:
        before = {name: self._known.get(name, (0, row.step)) for name in row.names.get(self._word, ())}
        self._known = {name: (rows + 1, first) for name, (rows, first) in before.items()}
        return tuple(name for name, (rows, _) in self._known.items() if rows >= ROWS_FOR_A_HABIT)

    @property
    def first(self) -> int:
        """The step since which the oldest of those that were seen last has been so."""
        return min(first for rows, first in self._known.values() if rows >= ROWS_FOR_A_HABIT)


def _judge(row: NormRow, usual: Sequence[float]) -> _Trouble:
    if row.nonfinite or not math.isfinite(row.grad_mean):
        names = tuple(row.names.get("nonfinite", ()))
        where = f" ({_listed(names, row.nonfinite)})" if names else ""
        count = "1 gradient is" if row.nonfinite == 1 else f"{row.nonfinite or 'some'} gradients are"
        return _Trouble("nonfinite", f"{count} NaN or infinite{where}", names, "gradients are NaN or infinite")
    if row.grad_max == 0 or row.grad_mean == 0:
        text = "all gradients are zero (frozen, or cut off?)"
        return _Trouble("zero", text, shared=text)
    if len(usual) >= ROWS_FOR_A_MEDIAN and (middle := median(usual[-50:])) > 0 and row.grad_mean > EXPLODES * middle:
        largest = (row.largest,) if row.largest else ()
        text = f"the gradient norm is {_times(row.grad_mean / middle)} the usual {middle:.3g}{_at(largest)}"
        return _Trouble("exploding", text, largest)
    # Parameters that begin at zero have no norm of which an update could be a part.
    if row.update_ratio > LARGE_UPDATE and row.param_mean != 0:
        return _Trouble("update", f"one step changes the parameters by {_part(row.update_ratio)} their norm")
    return _Trouble()


def _growing(rows: Sequence[NormRow]) -> Iterator[NormAlert]:
    """A gradient norm that has grown over the whole run, however slowly."""
    known = [row for row in rows if math.isfinite(row.grad_mean) and row.grad_mean > 0]
    if len(known) < ROWS_FOR_A_QUARTER:
        return
    quarter = len(known) // 4
    first, last = (median(row.grad_mean for row in part) for part in (known[:quarter], known[-quarter:]))
    if last > EXPLODES * first:
        newest = known[-1]
        largest = (newest.largest,) if newest.largest else ()
        text = f"the gradient norm has grown to {_times(last / first)} what it was at the beginning{_at(largest)}"
        yield _alert(newest, _Trouble("growing", text, largest), f"at step {newest.step}")


def _alert(row: NormRow, trouble: _Trouble, when: str) -> NormAlert:
    group = shortened(row.group, LONGEST_GROUP)
    shared = f"{trouble.shared} {when}" if trouble.shared else ""
    return NormAlert(row.group, row.step, trouble.kind, f"{group}: {trouble.text} {when}", trouble.names, shared)


def _times(ratio: float) -> str:
    return f"{ratio:.0f} times" if ratio < MOST_DIGITS else f"{ratio:.1e} times"


def _part(ratio: float) -> str:
    return f"{ratio:.0%} of" if ratio < 10 else _times(ratio)


def _at(largest: tuple[str, ...]) -> str:
    return f", most of it in {largest[0]}" if largest else ""


def _listed(names: Sequence[str], count: int) -> str:
    """`head.bias, head.weight and 3 more`, of so many altogether."""
    more = f" and {count - len(names)} more" if count > len(names) else ""
    return ", ".join(names) + more
