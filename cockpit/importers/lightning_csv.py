"""`metrics.csv` of Lightning's `CSVLogger`: sparse rows, several a step, the settings beside in `hparams.yaml`."""

from __future__ import annotations

from cockpit.importers.contract import NO, SURE
from cockpit.importers.layout import Layout
from cockpit.importers.table import TableImporter


def _suits(layout: Layout) -> int:
    if layout.delimiter != "," or "epoch" not in layout.columns:
        return NO
    if "created_at" in layout.columns:  # as its first versions wrote
        return SURE
    sparse = any("" in row for row in layout.rows)
    return SURE if "step" in layout.columns and sparse else NO


IMPORTER = TableImporter("lightning", "Lightning's metrics.csv, with hparams.yaml", _suits, ("hparams.yaml",))
