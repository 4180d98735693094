"""How long a person waits for `--help`, and what our own imports for it."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from statistics import median

from .child import ROOT
from .table import NOT_AVAILABLE, Row, against

HEAVY = ("torch", "ray", "textual", "optuna")
RUNS = 15
TARGET = 0.5

# Runs the command's own script in an interpreter that says afterwards what it has loaded.
_LOADED = """
import runpy, sys
script, *heavy = sys.argv[1:]
sys.argv = [script, "--help"]
try:
    runpy.run_path(script, run_name="__main__")
except SystemExit:
    pass
print("loaded:", *(name for name in heavy if name in sys.modules))
"""


def rows(quick: bool) -> list[Row]:
    """`cockpit --help` against `wandb --help`, in turns."""
    ours, peer = _command("cockpit"), _command("wandb")
    if ours is None or not _works(ours):
        return [Row("cockpit --help", NOT_AVAILABLE)]
    commands = [command for command in (ours, peer) if command is not None]
    rounds = [[_time_help(command) for command in commands] for _ in range(5 if quick else RUNS)]
    times = [median(column) for column in zip(*rounds, strict=True)]
    wandb = times[1] if peer else None
    return [against("cockpit --help against wandb --help", times[0], wandb, TARGET), _imports(ours)]


def _command(name: str) -> str | None:
    """The command of the environment that measures, not one from elsewhere in PATH."""
    path = Path(sys.executable).with_name(name)
    return str(path) if path.exists() else None


def _works(command: str) -> bool:
    return _run([command, "--help"]).returncode == 0


def _time_help(command: str) -> float:
    began = time.perf_counter()
    _run([command, "--help"])
    return time.perf_counter() - began


def _imports(command: str) -> Row:
    output = _run([sys.executable, "-c", _LOADED, command, *HEAVY]).stdout
    loaded = output.rpartition("loaded:")[2].split()
    wanted = f"none of {', '.join(HEAVY)}"
    return Row("cockpit --help imports", ", ".join(loaded) or "none", target=wanted, met=not loaded)


def _run(command: Sequence[str]) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL)
