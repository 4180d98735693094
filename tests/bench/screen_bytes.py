"""What the cockpit writes to the terminal: nothing while nothing changes, and little while a sweep runs."""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
from pathlib import Path

from .producer import NAME
from .pty_program import running
from .screen_many import write_many
from .screen_start import COCKPIT, own_home
from .table import Row

SMALL, LARGE = (80, 24), (200, 60)
TRIALS, RATE, METRICS = 8, 20, 5
BYTES_A_SECOND = 15_000
SETTLED = 4.0  # seconds without a byte, after which the start is over


def rows(quick: bool) -> list[Row]:
    duration = 5.0 if quick else 20.0
    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        finished = Path(folder) / "finished"
        write_many(finished / "exp001-many", 20)
        idle = [
            _idle(name, words, finished, folder, duration / 2)
            for name, words in (("experiments", ()), ("sweep", ("exp001",)), ("trial", ("exp001/t003",)))
        ]
        live = [_live(size, Path(folder) / f"live{size[0]}", folder, duration) for size in (SMALL, LARGE)]
    return [*idle, *live]


def _idle(name: str, words: tuple[str, ...], logs: Path, folder: str, duration: float) -> Row:
    with running((*COCKPIT, "open", *words, "--logs", str(logs)), LARGE, own_home(folder)) as program:
        program.wait_until_quiet(SETTLED)
        began = time.perf_counter()
        time.sleep(duration)
        written = program.bytes_since(began) / duration
    return Row(f"written while idle, {name}", f"{written:.0f} B/s", target="0 B/s", met=written == 0)


def _live(size: tuple[int, int], logs: Path, folder: str, duration: float) -> Row:
    """The sweep screen with its steps following, from when it has settled until the sweep is almost over."""
    words = [str(logs), str(TRIALS), str(RATE), str(duration + 8.0), str(METRICS)]
    with subprocess.Popen(
        [sys.executable, "-m", "tests.bench.producer", *words], stdout=subprocess.DEVNULL
    ) as producer:
        while not (logs / NAME / "summary.json").exists():
            time.sleep(0.05)
        with running((*COCKPIT, "open", "exp001", "--logs", str(logs)), size, own_home(folder)) as program:
            program.wait_until(lambda: program.bytes_since(0) > 1000)
            time.sleep(4.0)
            began = time.perf_counter()
            time.sleep(duration)
            written = program.bytes_since(began) / duration
        producer.wait()
    shape = f"{size[0]}×{size[1]}, {TRIALS} trials of {RATE} steps/s"
    limit = f"≤ {BYTES_A_SECOND / 1000:.0f} kB/s"
    return Row(f"written live, {shape}", f"{written / 1000:.1f} kB/s", target=limit, met=written <= BYTES_A_SECOND)
