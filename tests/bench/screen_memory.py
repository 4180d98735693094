"""Ten million points stream past the sweep screen, as 16 trials log them in hours: the memory of the cockpit stays."""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
from pathlib import Path

from cockpit.store import schema
from cockpit.store.folder import RunFolder

from .producer import NAME
from .pty_program import PtyProgram, running
from .screen_start import COCKPIT, own_home
from .table import Row

SIZE = (200, 60)
TRIALS, METRICS, RATE = 8, 20, 1000  # steps a second, which is about what the index takes
POINTS, QUICK_POINTS = 10_000_000, 1_000_000
SHARES = (0.1, 0.5, 1.0)
GROWTH, MORE = 0.10, 15 << 20  # flat is a tenth, or as many bytes, more than after the first tenth


def rows(quick: bool) -> list[Row]:
    points = QUICK_POINTS if quick else POINTS
    duration = points / (TRIALS * METRICS * RATE)
    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        logs = Path(folder) / "logs"
        words = [str(logs), str(TRIALS), str(RATE), str(duration), str(METRICS)]
        with subprocess.Popen(
            [sys.executable, "-m", "tests.bench.producer", *words], stdout=subprocess.DEVNULL
        ) as producer:
            while not (logs / NAME / "summary.json").exists():
                time.sleep(0.05)
            began = time.perf_counter()
            with running((*COCKPIT, "open", "exp001", "--logs", str(logs)), SIZE, own_home(folder)) as program:
                held = _held(program, began, duration)
                producer.wait()
                held.append(program.memory())
        found = _points(RunFolder(logs / NAME))
    least, most = held[0], max(held[1:])
    sizes = ", ".join(f"{size / (1 << 20):.0f}" for size in held)
    return [
        Row(f"memory while {found:,} points come, at {_shares()}", f"{sizes} MiB"),
        Row(
            "the same, more than after a tenth of them",
            f"{(most - least) / (1 << 20):.1f} MiB",
            target=f"≤ {GROWTH:.0%} or {MORE >> 20} MiB",
            met=most - least <= max(MORE, GROWTH * least),
        ),
    ]


def _held(program: PtyProgram, began: float, duration: float) -> list[int]:
    """Bytes of memory when these shares of the time are over."""
    found = []
    for share in SHARES[:-1]:
        time.sleep(max(0.0, began + share * duration - time.perf_counter()))
        found.append(program.memory())
    return found


def _shares() -> str:
    return ", ".join(f"{share:.0%}" for share in SHARES)


def _points(run: RunFolder) -> int:
    connection = schema.open_read_only(run.index)
    try:
        return int(connection.execute("SELECT count(*) FROM point").fetchone()[0])
    finally:
        connection.close()
