"""`results.csv` of ultralytics: a row for each epoch, names padded with blanks, the settings beside in `args.yaml`."""

from __future__ import annotations

from cockpit.importers.contract import NO, SURE
from cockpit.importers.layout import Layout
from cockpit.importers.table import TableImporter


def _suits(layout: Layout) -> int:
    begins = ("metrics/", "train/", "val/")
    known = all(any(name.startswith(begin) for name in layout.columns) for begin in begins)
    return SURE if known and layout.columns[0] == "epoch" else NO


IMPORTER = TableImporter("ultralytics", "results.csv of ultralytics (YOLO), with args.yaml", _suits, ("args.yaml",))
