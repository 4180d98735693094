"""The contract tests of devices, on whatever this machine has."""

from __future__ import annotations

import subprocess
import sys

from .child import ROOT
from .table import Row

FOLDER = "tests/trainers/devices"


def rows(quick: bool, device: str = "cpu") -> list[Row]:
    """How many passed, failed and were skipped; `quick` and `device` change nothing, the tests find what is there."""
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", FOLDER]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    last = (done.stdout.strip().splitlines() or [done.stderr.strip()])[-1].strip("= ")
    print(done.stdout, file=sys.stderr)
    return [Row(f"tests in {FOLDER}", last, target="none fails", met=done.returncode == 0)]
