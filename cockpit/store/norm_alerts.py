"""What is wrong with gradients, said as soon as the norm table shows it, with the names of the tensors where known."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from statistics import median

from cockpit.events.text import shortened
from cockpit.store.rows import NormRow

EXPLODES = 20.0  # times the group's own median so far, or that of the first quarter of the run
ROWS_FOR_A_MEDIAN = 5  # fewer say nothing of what is usual
ROWS_FOR_A_QUARTER = 12
ROWS_FOR_A_HABIT = 3  # a tensor without a gradient in one batch is none that never gets any
LONGEST_GROUP = 28  # of a layer's name before what is wrong with it: a screen may have 80 columns
LARGE_UPDATE = 0.1  # of the parameters' own norm in one step; 1e-3 is usual


@dataclass(frozen=True)
class NormAlert:
    """One line for people about one parameter group, and the step at which it was seen. `kind` is a word for it.

    `nonfinite`, `zero` (no gradient at all), `dead` (some tensors never get one), `stuck` (some tensors get one and do
    not change), `exploding`, `growing` (over the whole run) or `update`. `names` are tensors that it is about.
    """

    group: str
    step: int
    kind: str
    text: str
    names: tuple[str, ...] = ()


def norm_alerts(rows: Sequence[NormRow]) -> list[NormAlert]:
    """The newest alert of each kind and group, newest first. `rows` are in the order of steps."""
    groups: dict[str, list[NormRow]] = {}
    for row in rows:
        groups.setdefault(row.group, []).append(row)
    newest: dict[tuple[str, str], NormAlert] = {}
    for found in groups.values():
        for alert in (*_of_group(found), *_growing(found)):
            newest[alert.group, alert.kind] = alert
    return sorted(newest.values(), key=lambda alert: -alert.step)


def standing_out(row: NormRow) -> str:
    """`no gradient: head.bias and 3 more; unchanged: body.weight`; empty where no tensor stands out."""
    counts = (
        ("no gradient", "zero", row.zero),
        ("unchanged", "unchanged", row.unchanged),
        ("not finite", "nonfinite", row.nonfinite),
    )
    known = ((words, row.names.get(word, ()), count) for words, word, count in counts if count)
    return "; ".join(f"{words}: {_listed(names, count)}" for words, names, count in known if names)


def _of_group(rows: Sequence[NormRow]) -> Iterable[NormAlert]:
    usual: list[float] = []
    habits = {"zero": _Habit("zero"), "unchanged": _Habit("unchanged")}
    for row in rows:
        kind, text, names = _judge(row, usual)
        if kind:
            yield _alert(row, kind, text, names)
        dead, stuck = (habit.seen(row) for habit in habits.values())
        if dead and kind != "zero":
            yield _alert(row, "dead", f"no gradient reaches {_listed(dead, row.zero)}", dead)
        if stuck:
            yield _alert(row, "stuck", f"gradients do not change {_listed(stuck, row.unchanged)}", stuck)
        if math.isfinite(row.grad_mean):
            usual.append(row.grad_mean)


class _Habit:
    """Which tensors have been counted for a word in every row of the last few."""

    def __init__(self, word: str) -> None:
        self._word = word
        self._rows: dict[str, int] = {}

    def seen(self, row: NormRow) -> tuple[str, ...]:
        self._rows = {name: self._rows.get(name, 0) + 1 for name in row.names.get(self._word, ())}
        return tuple(name for name, rows in self._rows.items() if rows >= ROWS_FOR_A_HABIT)


def _judge(row: NormRow, usual: Sequence[float]) -> tuple[str, str, tuple[str, ...]]:
    """The kind of alert, its text, and the tensors that it is about."""
    largest = (row.largest,) if row.largest else ()
    if row.nonfinite or not math.isfinite(row.grad_mean):
        names = tuple(row.names.get("nonfinite", ()))
        where = f" ({_listed(names, row.nonfinite)})" if names else ""
        return "nonfinite", f"{row.nonfinite or 'some'} gradients are NaN or infinite{where}", names
    if row.grad_max == 0 or row.grad_mean == 0:
        return "zero", "all gradients are zero; is it frozen or cut off?", ()
    if len(usual) >= ROWS_FOR_A_MEDIAN and (middle := median(usual[-50:])) > 0 and row.grad_mean > EXPLODES * middle:
        times = f"{row.grad_mean / middle:.0f} times the usual {middle:.3g}"
        return "exploding", f"the gradient norm is {times}{_at(largest)}", largest
    if row.update_ratio > LARGE_UPDATE:
        return "update", f"one step changes the parameters by {row.update_ratio:.0%} of their norm", ()
    return "", "", ()


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
        text = f"the gradient norm has grown to {last / first:.0f} times what it was at the beginning{_at(largest)}"
        yield _alert(newest, "growing", text, largest)


def _alert(row: NormRow, kind: str, text: str, names: tuple[str, ...] = ()) -> NormAlert:
    group = shortened(row.group, LONGEST_GROUP)
    return NormAlert(row.group, row.step, kind, f"{group}: {text} at step {row.step}", names)


def _at(largest: tuple[str, ...]) -> str:
    return f", most of it in {largest[0]}" if largest else ""


def _listed(names: Sequence[str], count: int) -> str:
    """`head.bias, head.weight and 3 more`, of so many altogether."""
    more = f" and {count - len(names)} more" if count > len(names) else ""
    return ", ".join(names) + more
