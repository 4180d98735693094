"""Rows of the norm table for `cockpit grads`: which of them, in which order, and what is said below them."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

import click

from cockpit.cli.options import console
from cockpit.events.text import shortened

if TYPE_CHECKING:
    from cockpit.store.reader import Index
    from cockpit.store.rows import NormRow

Row = dict[str, Any]
Keyed = tuple[tuple[Any, ...], Row]

LONGEST_GROUP = 28  # in a narrow table: with it the numbers have room in 80 columns
NARROW = 120  # columns
NUMBERS = (
    "param_mean", "param_std", "grad_mean", "grad_std", "grad_max", "nonfinite", "update_ratio", "zero", "unchanged",
)  # fmt: skip
SORTS = ("step", "group", *NUMBERS)
TENSORS = "tensors"  # the column of names, where there are some


class NormRows:
    """Reads a trial's norm table. `like` is a regular expression that groups have to match somewhere."""

    def __init__(self, like: str, form: str) -> None:
        try:
            self._like = re.compile(like)
        except re.error as error:
            raise click.BadParameter(f"{like!r} is no regular expression ({error})", param_hint="--like") from None
        self._form = form
        self._cuts = console().width < NARROW

    def __call__(self, index: Index, trial: str, last: int | None) -> list[Keyed]:
        """The newest `last` rows, and more where not all of them are wanted."""
        rows = index.norms(trial, None if self._like.pattern else last)
        return [((row.step, row.group), self._row(row)) for row in rows if self._like.search(row.group)]

    def _row(self, row: NormRow) -> Row:
        from cockpit.store.norm_alerts import standing_out

        cells: Row = {"step": row.step, "group": row.group}
        cells |= {name: getattr(row, name) for name in NUMBERS}
        if self._form != "table":
            names = row.names if self._form == "jsonl" else standing_out(row)
            return {**cells, "largest": row.largest, "names": names}
        shown = {name: value for name, value in cells.items() if name not in ("zero", "unchanged")}
        told = standing_out(row)
        group = shortened(row.group, LONGEST_GROUP) if self._cuts else row.group
        return shown | {"group": group} | ({TENSORS: told} if told else {})


def ordered(rows: Sequence[Row], by: str | None) -> list[Row]:
    """Numbers from the largest on, what is no number last; groups by their names."""
    if by is None:
        return list(rows)
    if by == "group":
        return sorted(rows, key=lambda row: str(row[by]))
    return sorted(rows, key=lambda row: -row[by] if math.isfinite(row[by]) else math.inf)


def remarks(index: Index, trial: str) -> Iterator[str]:
    """What is wrong with the norms of a trial as a whole, and what of it is not trained."""
    from cockpit.store.norm_alerts import alert_lines, norm_alerts

    yield from (f"⚠ {line}" for line in alert_lines(norm_alerts(index.norms(trial))))
    if text := index.frozen(trial).text:
        yield text
