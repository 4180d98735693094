"""`summary.csv` of timm: a row for each epoch, the settings beside in `args.yaml`."""

from __future__ import annotations

from cockpit.importers.contract import NO, SURE
from cockpit.importers.layout import Layout
from cockpit.importers.table import TableImporter


def _suits(layout: Layout) -> int:
    return SURE if {"epoch", "train_loss", "eval_loss", "eval_top1"} <= {*layout.columns} else NO


IMPORTER = TableImporter("timm", "summary.csv of timm, with args.yaml", _suits, ("args.yaml",))
