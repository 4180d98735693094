"""Any file of JSON lines with numbers: MAE's `log.txt`, fairseq, and what people write. Nested names are dotted."""

from __future__ import annotations

from collections.abc import Iterator

from cockpit.importers.beside import about, label_of, usual_settings
from cockpit.importers.contract import LIKELY, NO, Item, Source
from cockpit.importers.records import Records, first_records, is_of_training, is_placed, lines_of


class JsonLines:
    """The importer."""

    name = "jsonl"
    summary = "JSON lines with numbers (MAE, fairseq, …)"

    def fit(self, source: Source) -> int:
        """How well the content fits."""
        records = first_records(source)
        if len(records) == 1 and not is_placed(records[0]):
            return NO  # a document that has but one line
        return LIKELY if records and is_of_training(records) else NO

    def read(self, source: Source) -> Iterator[Item]:
        """Its runs. Raises `OSError`."""
        yield from about(source.path)
        config, unread = usual_settings(source.path)
        yield from unread
        yield from Records(first_records(source), label_of(source.path), config, metric=source.metric).items(
            lines_of(source)
        )


IMPORTER = JsonLines()
