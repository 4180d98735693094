"""What the columns of a table are for."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

from cockpit.importers import columns
from cockpit.importers.layout import Layout
from cockpit.importers.placing import Places, places_among
from cockpit.importers.values import number
from cockpit.printed.names import same, strength

_NUMBERED_RUNS = frozenset(("run", "run_id", "trial", "trial_id", "exp", "experiment"))
_TAGS = ("tag", "metric", "metric_name", "variable", "key", "name")


@dataclass(frozen=True, slots=True)
class Roles:
    """`run` names the run of a row. In a long table `tag` names the metric of a row and `value` holds its value.

    `is_summary`: each row is a whole run, with its settings and its results.
    """

    places: Places
    run: str | None = None
    tag: str | None = None
    value: str | None = None
    is_summary: bool = False

    @property
    def says_place(self) -> bool:
        """Whether a column says a step or an epoch."""
        return self.places.step is not None or self.places.epoch is not None


def roles_of(layout: Layout) -> Roles:
    """The roles of the columns, by their names and by what the first rows hold."""
    names = layout.columns
    sample = {name: ((cells := layout.column(index)) and cells[0]) or None for index, name in enumerate(names)}
    numeric = [name for index, name in enumerate(names) if layout.is_numeric(index)]
    texts = [name for index, name in enumerate(names) if layout.is_text(index)]
    value = columns.first_of(("value",), numeric)
    tag = columns.first_of(_TAGS, texts) if value else None
    counted = [name for name in numeric if not _is_run_number(name)]
    places = places_among([*counted, *texts], sample, _elapsed(layout))
    run = columns.first_of(
        columns.RUNS, [name for name in names if name != tag and (name in texts or _is_run_number(name))]
    )
    if places.step is None and places.epoch is None:
        places = Places(_counting(layout, run), None, places.elapsed, places.stamp, places.phase)
    summary = run is not None and places.step is None and places.epoch is None
    return Roles(places, run, tag, value if tag else None, summary)


def is_of_training(layout: Layout) -> bool:
    """Whether names say that the table is a log: a step or an epoch beside numbers, or a metric."""
    roles = roles_of(layout)
    numeric = {name for index, name in enumerate(layout.columns) if layout.is_numeric(index)}
    measured = numeric - roles.places.names - {roles.run}
    if not layout.header_line or not measured:
        return False
    named = columns.first_of((*columns.STEPS, *columns.EPOCHS), numeric, phased=True)
    return named is not None or roles.tag is not None or any(strength(name) == 2 for name in measured)


def is_all_numbers(layout: Layout) -> bool:
    """Whether the table has at least a column that counts up and one beside it, and numbers only."""
    width = range(len(layout.columns))
    return len(layout.columns) > 1 and all(map(layout.is_numeric, width)) and layout.counts_up(0)


def _is_run_number(name: str) -> bool:
    return same(name) in _NUMBERED_RUNS


def _counting(layout: Layout, run: str | None) -> str | None:
    """The first column, where it counts up: steps that nobody called so."""
    first = layout.columns[0]
    return first if first != run and layout.counts_up(0) and strength(first) == 0 else None


def _elapsed(layout: Layout) -> tuple[str, ...]:
    """Meanings of names for the seconds of a run; `time` is one where it grows, else what one step took."""
    for index, name in enumerate(layout.columns):
        if same(name) == "time":
            found = [number(cell) or 0 for cell in layout.column(index)]
            if not all(a <= b for a, b in pairwise(found)):
                return tuple(meaning for meaning in columns.ELAPSED if meaning != "time")
    return columns.ELAPSED
