"""Going over the rows of a table."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from cockpit.events.kinds import Note
from cockpit.events.text import one_line
from cockpit.importers.contract import Item, Lines, Recorded, Run, Unread
from cockpit.importers.layout import COMMENTS, LINES_BETWEEN, MISSING, Layout, complete, is_header, names_in
from cockpit.importers.opened import Count, lines
from cockpit.importers.placing import Clock, row_of, taken_out
from cockpit.importers.table_roles import Roles
from cockpit.importers.track import Track
from cockpit.importers.values import Number, number, shown, stamp
from cockpit.importers.words import Words
from cockpit.printed.names import strength


class TableReading:
    """One pass over a table. `label` and `config` are those of the run where no column names runs."""

    def __init__(self, layout: Layout, roles: Roles, label: str, config: dict[str, Any], metric: str) -> None:
        self._metric = metric
        self._layout = layout
        self._roles = roles
        self._label = label
        self._config = config
        self._columns = layout.columns
        self._numeric = {name for index, name in enumerate(layout.columns) if not layout.is_text(index)}
        self._tracks: dict[str, tuple[Track, Clock, dict[str, Any]]] = {}
        self._round = 1
        self._comments: list[str] = []
        self._words = Words()
        self._key = ""

    def items(self, path: Path) -> Iterator[Item]:
        """What the table holds. Raises `OSError`."""
        count = Count()
        for line, text in complete(count.over(lines(path))):
            if line == self._layout.header_line or not text.strip(LINES_BETWEEN):
                continue
            if text.lstrip().startswith(COMMENTS):
                yield from self._comment(text)
                continue
            cells = self._layout.cells(text)
            if len(cells) != len(self._columns):
                yield from self._misfit(line, text, cells)
            elif self._names_columns(cells):
                self._round += 1
                if self._roles.run is None:
                    self._tracks.clear()
            else:
                yield from self._row(line, cells)
        yield from self._words.rest()
        yield Lines(count.last)

    def _comment(self, text: str) -> Iterator[Item]:
        said = one_line(text.strip().lstrip("#%/; "))
        if self._key and said:
            yield Recorded(self._key, Note(text=said))
        elif said:
            self._comments.append(said)

    def _misfit(self, line: int, text: str, cells: list[str]) -> Iterator[Item]:
        """A line with more or fewer cells: other columns from here on, or nothing that is understood."""
        if len(cells) > 1 and is_header(cells) and not set(cells).isdisjoint(self._columns):
            self._columns = names_in(cells)
            return
        expected, found = len(self._columns), len(cells)
        yield Unread(line, f"{found} of {expected} cells: {shown(text)}" if found < expected else shown(text))

    def _names_columns(self, cells: list[str]) -> bool:
        """Whether the header comes again, as where a program began anew and wrote on."""
        return bool(self._layout.header_line) and cells[-1] == self._columns[-1] and names_in(cells) == self._columns

    def _row(self, line: int, cells: list[str]) -> Iterator[Item]:
        numbers: dict[str, Number] = {}
        others: dict[str, str] = {}
        comma = self._layout.decimal_comma
        for name, cell in zip(self._columns, cells, strict=True):
            found = number(cell, comma)
            if found is not None:
                numbers[name] = found
            elif cell.lower() not in MISSING:
                others[name] = cell
        yield from self._told(line, numbers, others)

    def _told(self, line: int, numbers: dict[str, Number], others: dict[str, str]) -> Iterator[Item]:
        roles, places = self._roles, self._roles.places
        run = str(numbers.pop(roles.run, others.pop(roles.run, ""))) if roles.run else ""
        tag = others.pop(roles.tag, "") if roles.tag else ""
        if tag and roles.value in numbers:
            numbers[tag] = numbers.pop(roles.value)
        yield from self._words.changed(line, taken_out(others, places), {})
        words = {name: others.pop(name) for name in tuple(others) if name not in places.names}
        key = run or ("run" if self._round == 1 else f"run {self._round}")
        if key not in self._tracks:
            yield self._begun(key, run, numbers, others, words)
        self._key = key
        track, clock, config = self._tracks[key]
        yield from self._words.changed(line, words, config)
        if roles.is_summary:
            numbers = {name: value for name, value in numbers.items() if config.get(name) != value}
        row = row_of(numbers, others, places, clock, self._columns, roles.is_summary)
        yield from track.events(row)

    def _begun(
        self, key: str, run: str, numbers: dict[str, Number], others: dict[str, str], words: dict[str, str]
    ) -> Run:
        """The run of a row that is its first."""
        config = dict(self._config)
        config |= {name: word for name, word in words.items() if name not in self._numeric}
        if self._roles.is_summary:
            taken = self._roles.places.names
            config |= {n: value for n, value in numbers.items() if not strength(n) and n not in taken}
        name = self._roles.places.stamp
        clock = Clock(stamp(numbers.get(name, others.get(name))) if name else None)
        self._tracks[key] = (Track(key, self._metric), clock, config)
        note, self._comments = "\n".join(self._comments), []
        return Run(key=key, label=one_line(run) or self._label, config=config, note=note, started=clock.began)
