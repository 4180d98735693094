"""Ten thousand trials in the table: first paint, sort, filter and update, beside Textual's own table.

Every figure is the processor time from the call until the screen of an app without a terminal is painted.
"""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from statistics import median
from typing import Any

from textual.app import App, ComposeResult
from textual.pilot import Pilot
from textual.widget import Widget
from textual.widgets import DataTable

from cockpit.store.filter import EVERYTHING, parse
from cockpit.store.numbers import metric_text, setting_text
from cockpit.tui.ordering import Sort, ordered
from cockpit.tui.widgets.table import Column, Table

from .table import Row, ahead, at_most

TRIALS, QUICK_TRIALS = 10_000, 2_000
SIZE = (160, 45)
ROUNDS = 7
CHANGED = 16
PAINT_SECONDS, ORDER_SECONDS, UPDATE_SECONDS = 0.1, 0.1, 0.005
LINE = "lr>1e-5 status:running -stopped smoothing=0.1"
STATUSES = ("running", "finished", "pruned", "stopped")
NUMBERS = ("smoothing", "aux_weight", "lr", "epoch", "step", "loss", "final_score", "mc_score", "best")
NAMES = ("id", "status", *NUMBERS, "why")


@dataclass(frozen=True)
class Trial:
    """A trial with twelve values, the last of them a sentence."""

    id: str
    status: str
    values: dict[str, float]
    why: str

    def words(self) -> Iterable[str]:
        return self.id, self.status, self.why

    def field(self, name: str, /) -> Any:
        return self.values[name] if name in self.values else getattr(self, name)

    def cells(self) -> Sequence[str]:
        return [self.id, self.status, *(self._text(name) for name in NUMBERS), self.why]

    def _text(self, name: str) -> str:
        value = self.values[name]
        return setting_text(value) if name in ("smoothing", "aux_weight", "lr", "epoch", "step") else metric_text(value)


class Screen(App[None]):
    """One widget and nothing else."""

    def __init__(self, widget: Widget) -> None:
        super().__init__()
        self.widget = widget

    def compose(self) -> ComposeResult:
        yield self.widget


def rows(quick: bool) -> list[Row]:
    """Our table and Textual's `DataTable` with the same trials."""
    trials = make_trials(QUICK_TRIALS if quick else TRIALS)
    ours, peer = asyncio.run(_measure_ours(trials)), asyncio.run(_measure_peer(trials))
    size = f"{len(trials):,} trials"
    return [
        at_most(f"{size}: first paint", ours["paint"], PAINT_SECONDS),
        at_most(f"{size}: sort", ours["sort"], ORDER_SECONDS),
        at_most(f"{size}: filter", ours["filter"], ORDER_SECONDS),
        at_most(f"{size}: update with {CHANGED} changed rows", ours["update"], UPDATE_SECONDS),
        ahead(f"{size}: first paint, against DataTable", ours["paint"], peer["paint"]),
        ahead(f"{size}: sort, against DataTable", ours["sort"], peer["sort"]),
        ahead(f"{size}: update, against DataTable", ours["update"], peer["update"]),
    ]


def make_trials(count: int) -> list[Trial]:
    """The same trials every time."""
    generator = random.Random(0)
    trials = []
    for number in range(count):
        values = {name: generator.random() for name in NUMBERS}
        values |= {"smoothing": generator.choice((0.05, 0.1, 0.2)), "lr": 10 ** generator.uniform(-6, -3)}
        values |= {"epoch": generator.randint(0, 2), "step": generator.randint(0, 5000)}
        why = generator.choice(("", "asha rung 1: 0.9431 < 0.9508 (4th of 6)", "12m04s"))
        trials.append(Trial(f"t{number:05d}", generator.choice(STATUSES), values, why))
    return trials


async def _measure_ours(trials: list[Trial]) -> dict[str, float]:
    columns = [Column(name, name, right=name in NUMBERS, grow=name == "why") for name in NAMES]
    table: Table[Trial] = Table(columns)

    def show(shown: Sequence[Trial]) -> None:
        table.show(shown, key=lambda trial: trial.id, cells=Trial.cells)

    def sort(descending: bool) -> None:
        table.sort = Sort("best", descending)
        show(ordered(trials, EVERYTHING, table.sort))

    def filter_by(line: str) -> None:
        show(ordered(trials, parse(line, NAMES), None))

    async with Screen(table).run_test(size=SIZE) as pilot:
        first = await _painted(pilot, partial(show, trials))
        figures = {"paint": first}
        sorts = [await _painted(pilot, partial(sort, way)) for way in (True, False) * ROUNDS]
        table.sort = None
        show(trials)
        filters = [await _painted(pilot, partial(filter_by, line)) for line in (LINE, "") * ROUNDS]
        updates = [await _painted(pilot, partial(show, new)) for new in _changed(trials)]
    return figures | {"sort": median(sorts), "filter": median(filters[::2]), "update": median(updates)}


async def _measure_peer(trials: list[Trial]) -> dict[str, float]:
    table: DataTable[str] = DataTable(cursor_type="row")

    def fill() -> None:
        for trial in trials:
            table.add_row(*trial.cells(), key=trial.id)

    def update(new: list[Trial]) -> None:
        for trial in new[:CHANGED]:
            for name, text in zip(NAMES, trial.cells(), strict=True):
                table.update_cell(trial.id, name, text)

    async with Screen(table).run_test(size=SIZE) as pilot:
        for name in NAMES:
            table.add_column(name, key=name)
        first = await _painted(pilot, fill)
        sorts = [await _painted(pilot, partial(table.sort, "best", reverse=way)) for way in (True, False) * ROUNDS]
        table.sort("id")
        updates = [await _painted(pilot, partial(update, new)) for new in _changed(trials)]
    return {"paint": first, "sort": median(sorts), "update": median(updates)}


def _changed(trials: list[Trial]) -> list[list[Trial]]:
    """Snapshots in which the first rows, which are in view, have new values."""
    generator = random.Random(1)
    snapshots = []
    for _ in range(ROUNDS):
        new = [replace(trial, values=trial.values | {"loss": generator.random()}) for trial in trials[:CHANGED]]
        snapshots.append([*new, *trials[CHANGED:]])
    return snapshots


async def _painted(pilot: Pilot[None], work: Callable[[], object]) -> float:
    """Processor seconds of the work and of painting what it changed."""
    await pilot.pause()
    began = time.process_time()
    work()
    await pilot.pause()
    return time.process_time() - began
