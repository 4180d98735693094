"""From Enter to the first recorded step of the main job, and where the time goes."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from pathlib import Path
from statistics import median

from .child import ROOT, ChildFailedError, environment
from .table import Row, at_most, seconds

TARGETS = {"local": 5.0, "ray": 12.0}
ROUNDS = 3
SEARCH = "arcface"
SHORT = ("--trials", "2", "--epochs", "1")  # as many at once as ever; what comes after the first step is not measured


def rows(quick: bool) -> list[Row]:
    """A process for each round, its engines in turns; the phases are those of the round in the middle."""
    rounds = [{engine: _timings(engine) for engine in TARGETS} for _ in range(1 if quick else ROUNDS)]
    table = []
    for engine, target in TARGETS.items():
        ordered = sorted((found[engine] for found in rounds), key=lambda timings: sum(timings.values()))
        totals = [sum(timings.values()) for timings in ordered]
        table.append(at_most(f"Enter to first step of {SEARCH}, {engine}", median(totals), target))
        middle = ordered[len(ordered) // 2]
        table += [Row(f"  {phase}", seconds(took)) for phase, took in middle.items()]
    return table


def _timings(engine: str) -> dict[str, float]:
    """Seconds of each phase, as `cockpit sweep --timings` tells them."""
    with tempfile.TemporaryDirectory(prefix="bench-", ignore_cleanup_errors=True) as name:
        words = ["sweep", SEARCH, *SHORT, "--engine", engine, "--device", "cpu", "--timings", "--json"]
        command = [sys.executable, "-P", "-m", "cockpit", *words, "--logs", str(Path(name) / "logs")]
        done = subprocess.run(
            command,
            cwd=name,
            env={**environment(Path(name)), "PYTHONPATH": str(ROOT)},
            capture_output=True,
            text=True,
            check=False,
            stdin=subprocess.DEVNULL,
        )
        if done.returncode:
            raise ChildFailedError(f"{' '.join(command)}: exit code {done.returncode}\n{done.stderr[-2000:]}")
        found: dict[str, float] = json.loads(done.stdout)["timings"]
        if "first step" not in found:
            raise ChildFailedError(f"{' '.join(command)}: no step was recorded")
        return found
