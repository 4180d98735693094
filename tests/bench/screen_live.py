"""A sweep of 16 trials that write a thousand steps a second each, with somebody who moves the cursor all the time."""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from statistics import quantiles

from cockpit.store.folder import RunFolder
from cockpit.store.reader import Index

from .producer import NAME
from .pty_program import DOWN, UP, PtyProgram, Replay, last_screen, running, screens
from .screen_start import COCKPIT, own_home
from .table import Row, at_most

SIZE = (200, 60)
TRIALS, RATE, METRICS = 16, 1000, 3
SECONDS, QUICK_SECONDS = 15.0, 6.0
STARTED = 4.0  # seconds; the start is measured elsewhere
KEYS_A_SECOND = 8.0
CPU_SHARE, KEY_SECONDS = 0.25, 0.060
CURSOR = "2c4a66"  # the background of the row under the cursor


def rows(quick: bool) -> list[Row]:
    seconds = QUICK_SECONDS if quick else SECONDS
    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        logs = Path(folder) / "logs"
        words = [str(logs), str(TRIALS), str(RATE), str(STARTED + seconds), str(METRICS)]
        producer = subprocess.Popen(
            [sys.executable, "-m", "tests.bench.producer", *words], stdout=subprocess.PIPE, text=True
        )
        while not (logs / NAME / "summary.json").exists():
            time.sleep(0.05)
        with running((*COCKPIT, "open", "exp001", "--logs", str(logs)), SIZE, own_home(folder)) as program:
            time.sleep(STARTED)
            keys, share = _watched(program, seconds)
            written = int(producer.communicate()[0])
            program.wait_until(lambda: _is_complete(last_screen(program), written))
            moves = list(_moves(program, keys))
        found = _steps_in_index(RunFolder(logs / NAME))
    what = f"{TRIALS} trials of {RATE:,} steps/s"
    missing = TRIALS * written - found
    return [
        Row(f"{what}: steps lost of {TRIALS * written:,}", str(missing), target="0", met=missing == 0),
        Row(f"{what}: processor time of the cockpit", f"{share:.1%} of a core", target="≤ 25%", met=share <= CPU_SHARE),
        at_most(f"{what}: from a key to its paint, 95th of 100", quantiles(moves, n=20)[-1], KEY_SECONDS),
    ]


def _watched(program: PtyProgram, seconds: float) -> tuple[list[float], float]:
    """Move the cursor for so long. Returns when keys were pressed, and the share of a core that the program took."""
    began, used = time.perf_counter(), program.cpu_seconds()
    keys: list[float] = []
    while (now := time.perf_counter()) < began + seconds:
        keys.append(program.press(DOWN if len(keys) // (TRIALS - 1) % 2 == 0 else UP))
        time.sleep(max(0.0, now + 1 / KEYS_A_SECOND - time.perf_counter()))
    return keys, (program.cpu_seconds() - used) / (time.perf_counter() - began)


def _moves(program: PtyProgram, keys: Sequence[float]) -> list[float]:
    """Seconds from each key until the cursor is on another row of the screen."""
    seen = [(at, _cursor(replay)) for at, replay in screens(program)]
    places = [(at, place) for at, place in seen if place is not None]
    found = []
    for pressed in keys:
        before = [place for at, place in places if at <= pressed][-1]
        found.append(next(at for at, place in places if at > pressed and place != before) - pressed)
    return found


def _cursor(replay: Replay) -> int | None:
    return next((row for row in range(2, 25) if replay.background(row, 4) == CURSOR), None)


def _is_complete(lines: Sequence[str], steps: int) -> bool:
    """Whether the last step of every trial stands in the table."""
    table = [line.split() for line in lines[3 : 3 + TRIALS]]
    return all(f"t{number:03d}" in line[0] + line[1] and str(steps) in line for number, line in enumerate(table))


def _steps_in_index(run: RunFolder) -> int:
    with Index(run) as index:
        return sum(trial.steps for trial in index.trials())
