"""How fast a run folder becomes an index, and how fast the index answers."""

from __future__ import annotations

import random
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median

from cockpit.events.codec import encode
from cockpit.events.kinds import Step, SweepStarted, TrialStarted
from cockpit.store.folder import RunFolder
from cockpit.store.indexer import Indexer
from cockpit.store.reader import Index

from .table import Row, at_most

STEPS, QUICK_STEPS = 50_000, 5_000
METRICS = tuple(f"metric{number:02d}" for number in range(20))
POINTS_PER_SECOND = 200_000
LAST_STEPS_SECONDS = 0.3
SERIES_SECONDS = 0.05
TRIAL = "t000"


def rows(quick: bool, steps: int = 0) -> list[Row]:
    """One trial of 50,000 steps with 20 metrics each: read in, then asked."""
    steps = steps or (QUICK_STEPS if quick else STEPS)
    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        run = write_run(Path(folder) / "exp001-bench", steps)
        indexing = _time(lambda: _sync(run))
        last = median(_time(lambda: _last_steps(run)) for _ in range(5))
        with Index(run) as index:
            drawing = median(_time(lambda: index.series(TRIAL, METRICS[0], buckets=400)) for _ in range(5))
    rate = steps * len(METRICS) / indexing
    size = f"{steps:,} steps × {len(METRICS)}"
    return [
        Row(
            f"index {size}",
            f"{rate:,.0f} points/s",
            target=f"≥ {POINTS_PER_SECOND:,} points/s",
            met=rate >= POINTS_PER_SECOND,
        ),
        at_most(f"last 20 of {size}, opening included", last, LAST_STEPS_SECONDS),
        at_most(f"series in 400 buckets of {size}", drawing, SERIES_SECONDS),
    ]


def write_run(path: Path, steps: int) -> RunFolder:
    """A run folder as a sweep with one long trial leaves it."""
    run = RunFolder(path)
    events = run.trial(TRIAL).events
    events.parent.mkdir(parents=True)
    run.sweep.write_bytes(encode(SweepStarted(experiment=run.id, search="bench")) + encode(TrialStarted(trial=TRIAL)))
    generator = random.Random(0)
    with events.open("wb") as file:
        for step in range(steps):
            metrics = {name: generator.random() for name in METRICS}
            file.write(encode(Step(epoch=step // 1000, step=step, time=step * 0.1, metrics=metrics)))
    return run


def _sync(run: RunFolder) -> None:
    with Indexer(run) as indexer:
        indexer.sync()


def _last_steps(run: RunFolder) -> None:
    with Index(run) as index:
        assert len(index.steps(TRIAL, last=20)) == 20


def _time(work: Callable[[], object]) -> float:
    began = time.perf_counter()
    work()
    return time.perf_counter() - began
