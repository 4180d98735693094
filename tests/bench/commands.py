"""What the commands that measure say on a machine: the largest batch that fits, and how fast the parts are."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from cockpit.cli.main import COMMANDS

from .child import ROOT, environment
from .table import Row, seconds

SUBJECT = "matching"
MOST, QUICK_MOST = 1 << 14, 16  # rows of a batch


def rows(quick: bool, device: str = "cpu") -> list[Row]:
    """`cockpit find-batch` for one trainer; on a processor it is told what memory to take."""
    if "find-batch" not in COMMANDS:
        return []
    words = ["find-batch", SUBJECT, "--device", device, "--most", str(QUICK_MOST if quick else MOST), "--json"]
    began = time.perf_counter()
    done = _answer(words)
    took = seconds(time.perf_counter() - began)
    measure = f"cockpit find-batch {SUBJECT}, in {took}"
    if done.returncode or not done.stdout:
        return [Row(measure, f"broken: {(done.stderr.strip().splitlines() or ['no output'])[-1]}")]
    said = json.loads(done.stdout)
    return [Row(measure, str(said["text"])), *(_size(one) for one in said["tries"] if one["fits"])]


def _size(one: dict[str, float]) -> Row:
    return Row(f"{SUBJECT}: rows a second with batch_size {one['size']:.0f}", f"{one['rows_per_second'] or 0:.0f}")


def _answer(words: list[str]) -> subprocess.CompletedProcess[str]:
    with tempfile.TemporaryDirectory(prefix="bench-") as home:
        return subprocess.run(
            [sys.executable, "-m", "cockpit", *words, "--logs", str(Path(home) / "logs")],
            cwd=ROOT,
            env=environment(Path(home)),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )
