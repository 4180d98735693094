"""Any CSV, TSV or other table with a line of names and columns of numbers: Keras' `CSVLogger`, and others."""

from __future__ import annotations

from cockpit.importers.contract import LIKELY, NO
from cockpit.importers.layout import BLANKS, Layout
from cockpit.importers.table import TableImporter
from cockpit.importers.table_roles import is_all_numbers, is_of_training

_AS_PRINTED = 30  # a program that prints tables may print other things between them
_BARELY = 10


def _suits(layout: Layout) -> int:
    if is_of_training(layout):
        return _AS_PRINTED if layout.delimiter == BLANKS else LIKELY
    return _BARELY if is_all_numbers(layout) else NO


IMPORTER = TableImporter("csv", "tables of numbers with any delimiter (Keras CSVLogger, …)", _suits)
