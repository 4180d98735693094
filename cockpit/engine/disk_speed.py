"""How fast event lines get to a disk: `python -m cockpit.engine.disk_speed < request > answer`.

A request has the `folder`. The answer has `rows` as `trainers.benchmarks` gives them. It is a process of its own,
because a disk at the other end of a network may keep one waiting for ever.
"""

from __future__ import annotations

import os
import statistics
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from cockpit.events.kinds import Step
from cockpit.events.writer import EventWriter
from trainers.child import Answer, answer
from trainers.contract import InputError

LINES, SYNCS = 5_000, 20
METRICS = dict.fromkeys(("loss", "lr", "auc", "mcc", "accuracy", "wait"), 0.12345678901234567)


def measured(request: Mapping[str, Any]) -> Answer:
    """Event lines a second, and what it takes until one is on the disk for sure. Raises `InputError`."""
    try:
        with TemporaryDirectory(prefix=".bench-", dir=request["folder"]) as folder:
            return {"rows": _rows(Path(folder) / "events.jsonl")}
    except OSError as error:
        raise InputError(f"{request['folder']}: cannot be written ({error.strerror})") from error


def _rows(path: Path) -> list[Answer]:
    writer = EventWriter(path)
    began = time.perf_counter()
    for step in range(LINES):
        writer.write(Step(phase="train", epoch=0, step=step, time=0.0, metrics=METRICS))
    seconds = time.perf_counter() - began
    waits = [_synced(writer, path) for _ in range(SYNCS)]
    writer.close()
    size = path.stat().st_size // (LINES + SYNCS)
    return [
        {"what": "event lines", "value": LINES / seconds, "unit": "lines/s", "how": f"{size} bytes a line"},
        {
            "what": "event line on disk",
            "value": statistics.median(waits) * 1000,
            "unit": "ms",
            "how": "written and fsync, median",
        },
    ]


def _synced(writer: EventWriter, path: Path) -> float:
    began = time.perf_counter()
    writer.write(Step(phase="train", epoch=0, step=0, time=0.0, metrics=METRICS))
    with path.open("rb") as file:
        os.fsync(file.fileno())
    return time.perf_counter() - began


if __name__ == "__main__":
    sys.exit(answer("disk_speed", measured))
