"""How fast a printed log becomes an experiment, and in how much memory."""

from __future__ import annotations

import tempfile
from pathlib import Path

from .child import measure_in_child
from .printed_logs import KINDS, write_log
from .table import Row, against

SIZE, QUICK_SIZE = 100_000_000, 10_000_000
RATE = 20e6  # bytes a second
MEMORY = 150 << 20


def rows(quick: bool) -> list[Row]:
    """Each kind of log: bytes a second, memory over what the program takes anyway, and a notebook's loop beside it."""
    return [row for kind in KINDS for row in _of_kind(kind, QUICK_SIZE if quick else SIZE)]


def _of_kind(kind: str, size: int) -> list[Row]:
    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        log = Path(folder) / "train.log"
        written = write_log(log, kind, size)
        peer = measure_in_child("importing", "pattern", str(log))
        ours = measure_in_child("importing", "ours", str(log))
    label = f"import {written / 1e6:.0f} MB of {kind}"
    rate = written / ours["seconds"]
    told = f"{rate / 1e6:.1f} MB/s, {written / ours['cpu'] / 1e6:.1f} of processor time"
    return [
        Row(label, told, target=f"≥ {RATE / 1e6:.0f} MB/s", met=rate >= RATE),
        against(f"{label}: against one expression over each line", ours["seconds"], peer["seconds"]),
        Row(
            f"{label}: memory",
            f"{ours['memory'] / (1 << 20):.0f} MiB",
            target=f"≤ {MEMORY >> 20} MiB",
            met=ours["memory"] <= MEMORY,
        ),
    ]
