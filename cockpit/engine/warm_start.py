"""What a sweep can learn before it starts: from other experiments, and from its own earlier life."""

from __future__ import annotations

import math
from collections.abc import Collection
from dataclasses import dataclass

from cockpit.engine.past import Origin, Past, State, state_of
from cockpit.search import sampling
from cockpit.search.errors import SearchError
from cockpit.search.spec import Search
from cockpit.store.folder import RunFolder
from cockpit.store.numbers import counted
from cockpit.store.reader import Index
from cockpit.store.rows import SweepRow, TrialRow
from cockpit.store.runs import configurations

UNSETTLED = ("running", "paused", "waiting", "lost", "interrupted")  # what it would have come to nobody knows


@dataclass(frozen=True)
class Lesson:
    """What another experiment can teach: its trials that a search can use, and how many it cannot.

    `outside` lie outside the search's space, `without_result` never came to an end or to a value.
    """

    experiment: str
    used: tuple[Past, ...] = ()
    outside: int = 0
    without_result: int = 0

    @property
    def text(self) -> str:
        """E.g. `12 of 40 trials of exp003 used; 28 lie outside the space`."""
        total = len(self.used) + self.outside + self.without_result
        parts = [f"{len(self.used)} of {counted(total, 'trial')} of {self.experiment} used"]
        if self.outside:
            parts.append(f"{self.outside} {'lies' if self.outside == 1 else 'lie'} outside the space")
        if self.without_result:
            parts.append(f"{self.without_result} {'has' if self.without_result == 1 else 'have'} no result")
        return "; ".join(parts)


def history(run: RunFolder, search: Search) -> Lesson:
    """What the trials of another experiment are worth to this search.

    Raises `SearchError` when it had another metric or goal, and `FolderError` when it cannot be read.
    """
    with Index(run) as index, index.moment():
        sweep, rows = index.sweep(), configurations(index.trials())
    _check_metric(run, sweep, search)
    inside = [row for row in rows if sampling.is_inside(search.space, row.config)]
    ended = [past_of(row, "elsewhere") for row in inside if row.status not in UNSETTLED]
    used = tuple(past for past in ended if past.state != "failed")
    return Lesson(run.id, used, outside=len(rows) - len(inside), without_result=len(inside) - len(used))


def earlier_life(run: RunFolder, going_on: Collection[str] = ()) -> list[Past]:
    """The trials of an experiment that is taken up again, in the order in which they began.

    Those of `going_on` get another attempt, so their end is still to come.
    """
    with Index(run) as index, index.moment():
        rows = configurations(index.trials())
        added = {command.trial for command in index.commands() if command.name == "add" and command.state == "done"}
    return [
        past_of(row, "added" if row.id in added else "proposed", "running" if row.id in going_on else None)
        for row in rows
    ]


def past_of(row: TrialRow, origin: Origin, state: State | None = None) -> Past:
    """A trial of an index as a proposer knows it."""
    return Past(
        trial=row.id,
        config=row.config,
        state=state or state_of(row.best, finished=row.status == "finished"),
        evaluations=tuple(math.nan if value is None else value for value in row.evaluations),
        value=row.best,
        values=row.best_metrics,
        origin=origin,
    )


def planned(search: Search, lessons: Collection[Lesson]) -> int | None:
    """How many trials there will be; None without an end. A grid leaves out what other experiments have tried."""
    done = [past.config for lesson in lessons for past in lesson.used]
    return sampling.count(search, done)


def _check_metric(run: RunFolder, sweep: SweepRow, search: Search) -> None:
    """The best value of a trial means the same there as here."""
    wanted = search.metric
    if wanted is None:
        return
    if (sweep.metric, sweep.goal) != (wanted.name, wanted.goal):
        raise SearchError(
            f"nothing can be taken from {run.id}: it was to {sweep.goal} {sweep.metric}, "
            f"this search is to {wanted.goal} {wanted.name}",
            search.path,
        )
