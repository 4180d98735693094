"""Ten million points stream past the sweep screen, as many as 16 trials log in hours: the memory of the cockpit stays."""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
from pathlib import Path

from .producer import NAME
from .pty_program import PtyProgram, running
from .screen_start import COCKPIT, own_home
from .table import Row

SIZE = (160, 45)
TRIALS, METRICS = 16, 20
POINTS, QUICK_POINTS = 10_000_000, 1_000_000
POINTS_A_SECOND = 200_000
MEBIBYTE = 1 << 20
MOST_GROWTH = 15 * MEBIBYTE  # or a tenth, from a tenth of the way to its end


def rows(quick: bool) -> list[Row]:
    points = QUICK_POINTS if quick else POINTS
    duration = points / POINTS_A_SECOND
    rate = POINTS_A_SECOND / TRIALS / METRICS
    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        logs = Path(folder) / "logs"
        words = [str(logs), str(TRIALS), str(rate), str(duration), str(METRICS)]
        producer = subprocess.Popen(
            [sys.executable, "-m", "tests.bench.producer", *words], stdout=subprocess.PIPE, text=True
        )
        while not (logs / NAME / "summary.json").exists():
            time.sleep(0.05)
        with running((*COCKPIT, "open", "exp001", "--logs", str(logs)), SIZE, own_home(folder)) as program:
            held = [_memory_after(program, duration * part) for part in (0.1, 0.4, 0.5)]
            steps = int(producer.communicate()[0])
    growth = held[-1] - held[0]
    shown = " → ".join(f"{memory / MEBIBYTE:.0f}" for memory in held)
    return [
        Row(
            f"memory at 10, 50, 100 % of {steps * TRIALS * METRICS:,} points",
            f"{shown} MiB",
            target=f"≤ {MOST_GROWTH // MEBIBYTE} MiB or 10 % more",
            met=growth <= max(MOST_GROWTH, held[0] // 10),
        )
    ]


def _memory_after(program: PtyProgram, seconds: float) -> int:
    time.sleep(seconds)
    return program.memory()
