"""What the diary of very many experiments takes: from nothing, with nothing new, and with one thing new.

Nobody else writes such a diary, so there is no peer. Counted is the time of this process on a core, because a busy
machine says nothing of the diary. One experiment's pictures are measured beside it: they are drawn once and kept.
"""

from __future__ import annotations

import random
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from cockpit.diary.book import stale, write_entries
from cockpit.diary.entries import FILE
from cockpit.diary.plots.draw import draw, wanted
from cockpit.store.folder import RunFolder, experiments
from cockpit.store.summary import add_score, write_summary

from .table import Row, at_most

sys.path.insert(0, str(Path(__file__).parent.parent))

from builders import Recorder

EXPERIMENTS, QUICK_EXPERIMENTS, TRIALS = 1_000, 50, 8
TARGET_SECONDS = 5.0


def rows(quick: bool) -> list[Row]:
    """The diary of all, three times, and the pictures of one."""
    count = QUICK_EXPERIMENTS if quick else EXPERIMENTS
    with tempfile.TemporaryDirectory() as folder:
        logs = Path(folder)
        _make(logs, count)
        name = f"diary of {count:,} experiments"
        first = at_most(f"{name}, from nothing", _seconds(lambda: write_entries(logs, _stale(logs))), TARGET_SECONDS)
        before = _marks(logs)
        second = _seconds(lambda: write_entries(logs, _stale(logs)))
        touched = sum(mark != before[path] for path, mark in _marks(logs).items())
        add_score(experiments(logs)[count // 2], 0.7)
        third = _seconds(lambda: write_entries(logs, _stale(logs)))
        changed = sum(mark != before[path] for path, mark in _marks(logs).items())
        run = experiments(logs)[0]
        drawn = _seconds(lambda: _draw(run))
    return [
        first,
        at_most(f"{name}, nothing new: {touched} files touched", second, TARGET_SECONDS),
        at_most(f"{name}, one score new: {changed} files touched", third, TARGET_SECONDS),
        Row("pictures of one experiment, matplotlib imported", f"{drawn:.2f} s"),
    ]


def _make(logs: Path, count: int) -> None:
    """Experiments of several kinds whose settings drift, as somebody makes them over a year."""
    dice = random.Random(5)
    for number in range(1, count + 1):
        trainer = dice.choice(["matching", "toxicity", "audio"])
        name = f"exp{number:03d}-{trainer}"
        recorder = Recorder(logs, name, trainer=trainer, at=1e6 + 1000.0 * number, varied=["x", "mode"])
        for trial in range(TRIALS):
            config = {"x": dice.random(), "mode": "ab"[trial % 2], "batch_size": dice.choice([8, 16, 32]), "epochs": 3}
            score = 0.5 + dice.random() / 4
            recorder.trial(trial, [score / 2, score * 0.9, score], config=config, baseline=trial == 0)
        write_summary(recorder.end())


def _stale(logs: Path) -> list[RunFolder]:
    return stale(logs, experiments(logs))


def _draw(run: RunFolder) -> None:
    found = wanted(run)
    if found is not None:
        draw(run, found)


def _marks(logs: Path) -> dict[Path, tuple[int, int]]:
    files = [logs / FILE, *(run.path / "report.md" for run in experiments(logs))]
    return {path: (path.stat().st_ino, path.stat().st_mtime_ns) for path in files}


def _seconds(work: Callable[[], object]) -> float:
    began = time.process_time()
    work()
    return time.process_time() - began
