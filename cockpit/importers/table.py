"""Tables of text: a header, and a row for each step, epoch or run. What is special about a writer's tables is told."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from cockpit.importers.beside import about, label_of, settings_beside, usual_settings
from cockpit.importers.columns import metric_of_test
from cockpit.importers.contract import NO, Item, Source
from cockpit.importers.layout import Layout, layout_of
from cockpit.importers.opened import beginning
from cockpit.importers.table_reading import TableReading
from cockpit.importers.table_roles import roles_of


@dataclass(frozen=True)
class TableImporter:
    """Tables of one writer. `beside` are the names of files with the settings of the run, which lie beside it,
    where the writer has such."""

    name: str
    summary: str
    suits: Callable[[Layout], int]
    beside: tuple[str, ...] = ()

    def fit(self, source: Source) -> int:
        """How well the content fits."""
        layout = None if source.is_folder else layout_of(beginning(source))
        return self.suits(layout) if layout else NO

    def read(self, source: Source) -> Iterator[Item]:
        """The runs of the table. Raises `OSError`."""
        layout = layout_of(beginning(source))
        if layout is None:
            return
        yield from about(source.path)
        settings = settings_beside(source.path, self.beside) if self.beside else usual_settings(source.path)
        config, unread = settings
        yield from unread
        metric = source.metric or metric_of_test(layout.columns)
        reading = TableReading(layout, roles_of(layout), label_of(source.path), config, metric)
        yield from reading.items(source.path)
