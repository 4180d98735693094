"""The table of runs of W&B exported as CSV: a row for each run, with its settings and the summary of its metrics.

Which columns are settings the file does not say: names that only settings have, columns of text, and numbers whose
names are those of no metric.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from cockpit.events.text import one_line
from cockpit.importers.beside import plain
from cockpit.importers.contract import NO, SURE, Item, Lines, Run, RunEnded, Source, Unread
from cockpit.importers.layout import MISSING, complete, layout_of
from cockpit.importers.opened import Count, beginning, lines
from cockpit.importers.track import Row, Track
from cockpit.importers.values import Number, number, shown, stamp
from cockpit.printed.names import strength

_OF_RUNS = frozenset(("State", "Notes", "User", "Tags", "Created", "Runtime", "Sweep", "ID"))
_STATUS = {
    "finished": "finished", "crashed": "failed", "failed": "failed", "killed": "interrupted", "running": "interrupted",
}  # fmt: skip


class WandbRuns:
    """The importer."""

    name = "wandb-runs"
    summary = "the table of runs exported from W&B as CSV"

    def fit(self, source: Source) -> int:
        """How well the content fits."""
        layout = None if source.is_folder else layout_of(beginning(source))
        if layout is None or "Name" not in layout.columns:
            return NO
        return SURE if len(_OF_RUNS.intersection(layout.columns)) >= 2 else NO

    def read(self, source: Source) -> Iterator[Item]:
        """Its runs. Raises `OSError`."""
        layout = layout_of(beginning(source))
        if layout is None:
            return
        count = Count()
        for line, text in complete(count.over(lines(source.path))):
            cells = layout.cells(text)
            if line == layout.header_line or not text.strip():
                continue
            if len(cells) != len(layout.columns):
                yield Unread(line, shown(text))
                continue
            filled = {n: cell for n, cell in zip(layout.columns, cells, strict=True) if cell.lower() not in MISSING}
            yield from _run(f"{line}", filled, source.metric)
        yield Lines(count.last)


def _run(key: str, cells: dict[str, str], metric: str) -> Iterator[Item]:
    label = cells.pop("Name", "")
    numbers: dict[str, Number] = {}
    config: dict[str, Any] = {}
    for name, cell in cells.items():
        found = number(cell)
        if name in _OF_RUNS:
            continue
        if found is not None and (strength(name) or name.startswith("_")):
            numbers[name] = found
        else:
            config[name] = plain(cell) if found is None else found
    config |= {name: cells[name] for name in ("Tags", "User", "Sweep", "ID") if name in cells}
    started = stamp(cells.get("Created"))
    yield Run(key=key, label=one_line(label), config=config, note=cells.get("Notes", ""), started=started)
    runtime = numbers.pop("_runtime", number(cells.get("Runtime", "")))
    step, epoch = numbers.pop("_step", None), config.get("epoch")
    row = Row(
        values={name: value for name, value in numbers.items() if name != "_timestamp"},
        evaluates=True,
        step=step,
        epoch=epoch if isinstance(epoch, int | float) else None,
        time=None if runtime is None else float(runtime),
    )
    yield from Track(key, metric).events(row)
    state = cells.get("State", "finished").lower()
    ended = None if started is None or runtime is None else started + runtime
    yield RunEnded(key=key, status=_STATUS.get(state, "finished"), reason=state, ended=ended)


IMPORTER = WandbRuns()
