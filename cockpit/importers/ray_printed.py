"""What Ray Tune printed of an experiment: how its trials stand, again and again, and what single ones reported.

Each new iteration of a trial is an evaluation, as exact as it is first shown. Where there are many trials a table has
some of them and says so. A column that may be a setting and changes within a trial may be a value too, and is neither.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from cockpit.events.text import one_line
from cockpit.importers.contract import LIKELY, NO, Item, Lines, Run, RunEnded, Source, Unread
from cockpit.importers.opened import Count, beginning, lines
from cockpit.importers.ray_blocks import CONFIG, Block, Ended, with_blocks
from cockpit.importers.ray_columns import (
    COUNTERS,
    OUTCOMES,
    STATUSES,
    TIMES,
    has_counter,
    settings_in,
    values_in,
)
from cockpit.importers.ray_results import PLUMBING
from cockpit.importers.ray_tables import NAME, STATUS, Other, Row, rows
from cockpit.importers.track import Row as Values
from cockpit.importers.track import Track
from cockpit.importers.values import count, number, shown
from cockpit.printed.account import has_number

FITS = LIKELY + 5  # a table alone could be one of numbers with bars between them
FITS_WITHIN = LIKELY - 10  # a document with such a table in it is a document
_FENCE = "```"
# Of the experiment or the machine, around each table.
_AROUND = (
    "== Status ==", "Current time:", "Memory usage on this node:", "Using ", "Resources requested:", "Result logdir:",
    "Logical resource usage:", "Number of trials:", "Number of errored trials:", "Trial status:", "Total running time:",
    "View detailed results here:", "To visualize your results with TensorBoard,",
)  # fmt: skip

Told = Row | Block | Ended | Other


class RayPrinted:
    """The importer."""

    name = "ray_printed"
    summary = "what Ray Tune prints: its tables of trials, and their results"

    def fit(self, source: Source) -> int:
        """Whether the beginning says of a trial how far it is."""
        head = beginning(source)
        told = _told(enumerate(head.splitlines(), start=1))
        if not any(isinstance(one, Row | Block) and has_counter(list(one.cells)) for one in told):
            return NO
        return FITS_WITHIN if _FENCE in head else FITS

    def read(self, source: Source) -> Iterator[Item]:
        """Its trials. The file is read twice: some settings stand below the first results. Raises `OSError`."""
        settings, seen = _settings(source.path), Count()
        for name in sorted(settings.unsure):
            yield Unread(0, f"column {one_line(name)}: changes within a trial, and may be a setting or a value")
        trials = _Trials(settings, source.metric)
        for one in _told(seen.over(lines(source.path))):
            if isinstance(one, Row):
                yield from _row(one, trials)
            elif isinstance(one, Block):
                yield from _block(one, trials)
            elif isinstance(one, Ended):
                trials.of(one.trial).status = one.status
            else:
                yield from _other(one)
        for trial in trials:
            yield from _ended(trial)
        yield Lines(seen.last)


def _told(numbered: Iterable[tuple[int, str]]) -> Iterator[Told]:
    return with_blocks(rows(numbered))


@dataclass(slots=True)
class _Settings:
    """The settings of each trial as texts, and columns that rows of one trial differ in.

    `framed` are those from a frame, which shows more settings than a table, and fewer digits.
    """

    cells: dict[str, dict[str, str]] = field(default_factory=dict)
    framed: dict[str, dict[str, str]] = field(default_factory=dict)
    unsure: set[str] = field(default_factory=set)

    def take(self, trial: str, cells: Mapping[str, str]) -> None:
        known = self.cells.setdefault(trial, {})
        for name, cell in cells.items():
            if known.setdefault(name, cell) != cell:
                self.unsure.add(name)

    def of(self, trial: str) -> dict[str, Any]:
        """A trial's settings, as far as they are certain."""
        cells = self.framed.get(trial, {}) | self.cells.get(trial, {})
        cells = {name: cell for name, cell in cells.items() if name not in self.unsure}
        found = {name: number(cell) for name, cell in cells.items()}
        return {name: cells[name] if value is None else value for name, value in found.items()}


def _settings(path: Path) -> _Settings:
    settings = _Settings()
    for one in _told(lines(path)):
        if isinstance(one, Block) and one.kind == CONFIG:
            settings.framed.setdefault(one.trial, one.cells)
        elif isinstance(one, Row) and has_counter(list(one.cells)):
            names = settings_in(list(one.cells))
            settings.take(one.cells[NAME], {name: one.cells[name] for name in names if one.cells[name]})
    return settings


@dataclass(slots=True)
class _Trial:
    """What has been told of a trial: its last iteration, and whether it began."""

    key: str
    config: Mapping[str, Any]
    track: Track
    status: str = ""
    iteration: int = 0
    begun: bool = False


class _Trials:
    """Those that were seen, in the order in which they were."""

    def __init__(self, settings: _Settings, metric: str) -> None:
        self._settings = settings
        self._metric = metric
        self._known: dict[str, _Trial] = {}

    def of(self, key: str) -> _Trial:
        """The trial of this name."""
        if key not in self._known:
            self._known[key] = _Trial(key, self._settings.of(key), Track(key, self._metric))
        return self._known[key]

    def __iter__(self) -> Iterator[_Trial]:
        return iter(self._known.values())


def _row(row: Row, trials: _Trials) -> Iterator[Item]:
    """How a trial stands, and what it has reported since it was last seen."""
    if row.cells[STATUS] not in STATUSES:
        yield Unread(row.line, shown("  ".join(row.cells.values())))
        return
    trial = trials.of(row.cells[NAME])
    trial.status = row.cells[STATUS]
    yield from _reported(row.line, {name: row.cells[name] for name in values_in(list(row.cells))}, trial)


def _block(block: Block, trials: _Trials) -> Iterator[Item]:
    trial = trials.of(block.trial)
    if block.kind != CONFIG:
        places = (*COUNTERS, *TIMES)
        own = {name: cell for name, cell in block.cells.items() if name in places or name not in PLUMBING}
        yield from _reported(block.line, own, trial)


def _reported(line: int, cells: Mapping[str, str], trial: _Trial) -> Iterator[Item]:
    """The evaluation of an iteration that was not told yet."""
    iteration = next((count(cells[name]) for name in COUNTERS if name in cells), None)
    if iteration is None or iteration <= trial.iteration:
        return
    trial.iteration = iteration
    yield from _begun(trial)
    values = {name: number(cell) for name, cell in cells.items() if cell and name not in (*COUNTERS, *TIMES)}
    numbers = {name: value for name, value in values.items() if value is not None}
    time = next((number(cells[name]) for name in TIMES if name in cells), None)
    seconds = None if time is None else float(time)
    yield from trial.track.events(Values(values=numbers, evaluates=True, step=iteration, time=seconds))
    yield from (Unread(line, f"{name}: {shown(cells[name])}") for name, value in values.items() if value is None)


def _begun(trial: _Trial) -> Iterator[Item]:
    if not trial.begun:
        trial.begun = True
        yield Run(key=trial.key, label=one_line(trial.key), config=trial.config)


def _ended(trial: _Trial) -> Iterator[Item]:
    """How a trial was last seen; one that waited until then never was one."""
    if not trial.begun and trial.status == "PENDING":
        yield Unread(0, f"{one_line(trial.key)}: waits, it never began")
        return
    yield from _begun(trial)
    yield RunEnded(key=trial.key, status=OUTCOMES.get(trial.status, "interrupted"), reason=trial.status.lower())


def _other(line: Other) -> Iterator[Item]:
    text = line.text.strip()
    if not text.startswith(_AROUND) and has_number(text):
        yield Unread(line.line, shown(text))


IMPORTER = RayPrinted()
