"""What `cockpit export --format csv` writes: one table of steps, or the folder of tables."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import IO, Any

from cockpit.events.kinds import Eval, Norms, Step, TrialStarted
from cockpit.events.text import one_line
from cockpit.importers import exported
from cockpit.importers import exported_cells as cells
from cockpit.importers.contract import NO, SURE, About, Item, Recorded, Run, RunEnded, Source, Unread

_HEADING = ",".join(cells.FIXED)
_LARGEST, _LONGEST_LINE = 1 << 53, 1 << 22
_COUNT = re.compile(r"-?[0-9]{1,18}\Z")
_ABOUT = ("search", "question", "metric", "goal")
_TEXTS = ("trial", "status", "reason", "error", "device", "label", "change", "note", "parent", "repeat_of", "confirms")
_COUNTS = ("repeat", "pair")
_MAKE: dict[str, type[Step] | type[Eval]] = {"step": Step, "eval": Eval}

Row = Mapping[str, str]


class ExportedCsv:
    """Every number of the tables."""

    name = "exported-csv"
    summary = "what `cockpit export --format csv` wrote, a file or a folder"

    def fit(self, source: Source) -> int:
        if source.is_folder:
            return SURE if _begins(source.path / cells.STEPS) and (source.path / cells.TRIALS).is_file() else NO
        return SURE if source.head.startswith(_HEADING.encode()) else NO

    def read(self, source: Source) -> Iterator[Item]:
        if not source.is_folder:
            yield About()
            yield from _steps(source.path, known=set())
            return
        yield from _about(source.path / cells.EXPERIMENT)
        ends: dict[str, Item] = {}
        known: set[str] = set()
        for item in _trials(source.path / cells.TRIALS):
            if isinstance(item, RunEnded):
                ends.setdefault(item.key, item)
            elif not isinstance(item, Run) or item.key not in known:
                known |= {item.key} if isinstance(item, Run) else set()
                yield item
        for name in (cells.STEPS, cells.NORM_TABLE):
            yield from _steps(source.path / name, known)
        yield from ends.values()


def _begins(path: Path) -> bool:
    try:
        with path.open("rb") as file:
            return file.read(len(_HEADING)) == _HEADING.encode()
    except OSError:
        return False


def _rows(path: Path) -> Iterator[tuple[int, Row | None]]:
    """The rows of a table by their headings, with their numbers; None for one that is none. Raises `OSError`."""
    with path.open(encoding="utf-8", errors="replace", newline="") as file:
        reader = csv.reader(_lines(file), strict=False)
        headings: list[str] | None = None
        while True:
            try:
                row = next(reader)
            except StopIteration:
                return
            except csv.Error:  # a cell without an end
                yield reader.line_num, None
                continue
            if headings is None:
                headings = row
            elif row:
                is_whole = len(row) == len(headings)
                yield reader.line_num, dict(zip(headings, row, strict=True)) if is_whole else None


def _lines(file: IO[str]) -> Iterator[str]:
    """Lines that a reader of tables takes; one without an end comes in parts, which are no rows."""
    while line := file.readline(_LONGEST_LINE):
        yield line.replace("\0", "")


def _about(path: Path) -> Iterator[Item]:
    if not path.is_file():
        yield About()
        return
    for _, row in _rows(path):
        if row is not None:
            search, question, metric, goal = (cells.text_of(row.get(name, "")) for name in _ABOUT)
            started = cells.number_of(row.get("started", ""))
            seeds, confirm = _count(row.get("seeds", "")) or 1, _count(row.get("confirm", "")) or 0
            about = About(name=search, question=question, metric=metric, goal=goal, at=started)
            yield replace(about, seeds=seeds, confirm=confirm)
            return


def _trials(path: Path) -> Iterator[Item]:
    for line, row in _rows(path):
        if row is None or not row.get("trial"):
            yield Unread(line, "not a trial: it has more or fewer cells than the table has columns")
            continue
        settings = {
            cells.text_of(name).removeprefix(cells.SETTING): cells.value_of(cell)
            for name, cell in row.items()
            if cells.text_of(name).startswith(cells.SETTING) and cell
        }
        texts = {name: cells.text_of(row.get(name, "")) for name in _TEXTS}
        counts = {name: _count(row.get(name, "")) for name in _COUNTS}
        event = TrialStarted(
            trial=texts.pop("trial"),
            config=settings,
            baseline=cells.value_of(row.get("baseline", "")) is True,
            seed=_count(row.get("seed", "")) or 0,
            at=cells.number_of(row.get("started", "")) or 0.0,
            extra={**texts, **counts, "ended": cells.number_of(row.get("ended", ""))},
        )
        yield from exported.trial_of(event.trial, event)


def _steps(path: Path, known: set[str]) -> Iterator[Item]:
    """The rows of a table of steps or norms, and the trials of which nothing else is known."""
    if not path.is_file():
        return
    for line, row in _rows(path):
        event = None if row is None else _event(row)
        if row is None or event is None:
            yield Unread(line, one_line(f"not a step: {'' if row is None else ','.join(row.values())}", 200))
            continue
        trial = cells.text_of(row["trial"])
        if trial not in known:
            known.add(trial)
            yield Run(key=trial, label=trial)
        yield Recorded(trial, event)


def _event(row: Row) -> Step | Eval | Norms | None:
    kind, step = row.get("kind", ""), _count(row.get("step", ""))
    if step is None or "trial" not in row:
        return None
    values = {
        cells.metric_name(name): value
        for name, cell in row.items()
        if name not in cells.FIXED and (value := cells.number_of(cell)) is not None
    }
    if kind == "norms":
        return _norms(step, cells.text_of(row.get("group", "")), values)
    if kind not in _MAKE:
        return None
    return _MAKE[kind](
        phase=cells.text_of(row.get("phase", "")),
        epoch=_count(row.get("epoch", "")) or 0,
        step=step,
        time=cells.number_of(row.get("time", "")),
        metrics=values,
    )


def _norms(step: int, group: str, values: Mapping[str, float]) -> Norms:
    known: dict[str, Any] = {name: value for name, value in values.items() if name in cells.NORMS}
    count = known.pop("nonfinite", 0.0)
    return Norms(step=step, group=group, nonfinite=int(count) if abs(count) < _LARGEST else 0, **known)


def _count(cell: str) -> int | None:
    """A whole number; None for what is none, and for what is longer than any step."""
    return int(cell) if _COUNT.match(cell) else None


IMPORTER = ExportedCsv()
