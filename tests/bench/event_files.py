"""Reading a TensorBoard event file, every point of it, against TensorBoard's own Python reader."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from cockpit.events.codec import decode
from cockpit.importers.contract import RecordedLines
from cockpit.importers.registry import open_source
from cockpit.importers.tensorboard import IMPORTER

from .table import NOT_INSTALLED, Row, against

T = TypeVar("T")
TARGET = 1 / 5
ROUNDS = 3
NOTE = " EventAccumulator"
POINTS = 300_000
SERIES = {"one series": ("loss",), "three series": ("train/loss", "train/lr", "train/grad_norm")}


def rows(quick: bool) -> list[Row]:
    """CPU time from the file to the lines of a trial, and from it to TensorBoard's lists with nothing thrown away."""
    try:
        from tensorboardX import SummaryWriter
    except ImportError:
        return [Row("event file, every point", peer=NOT_INSTALLED)]
    count = POINTS // 10 if quick else POINTS
    found = []
    for name, tags in SERIES.items():
        with tempfile.TemporaryDirectory() as folder:
            with SummaryWriter(folder, max_queue=1000, flush_secs=600) as writer:
                for step in range(count // len(tags)):
                    for tag in tags:
                        writer.add_scalar(tag, 1 / (step + 1), step)
            (path,) = Path(folder).iterdir()
            kept = sum(len(decode(line).metrics) for lines in _ours(path) for line in lines.splitlines())
            ours, peer = _seconds(lambda path=path: _ours(path)), _seconds(lambda path=path: _peer(path))
        assert peer is None or peer[1] == kept, "not every point was read"
        found.append(against(f"event file, {name}, {kept} points", ours[0], peer and peer[0], TARGET, NOTE))
    return found


def _seconds(read: Callable[[], T | None]) -> tuple[float, T] | None:
    """The least CPU time of a few readings, and what was read; None where the reader is not installed."""
    best = float("inf")
    for _ in range(ROUNDS):
        start = time.process_time()
        result = read()
        best = min(best, time.process_time() - start)
        if result is None:
            return None
    return best, result


def _ours(path: Path) -> list[bytes]:
    """The lines of the trial's file, ready to be written."""
    return [item.lines for item in IMPORTER.read(open_source(path)) if isinstance(item, RecordedLines)]


def _peer(path: Path) -> int | None:
    try:
        from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
    except ImportError:
        return None
    events = EventAccumulator(str(path), size_guidance={"scalars": 0})
    events.Reload()
    return sum(len(events.Scalars(tag)) for tag in events.Tags()["scalars"])
