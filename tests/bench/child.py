"""Measuring in fresh processes, so that nothing imported or left behind by one subject disturbs the next."""

from __future__ import annotations

import importlib.util
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]  # what `tests.bench` is importable from, also for a sweep's trials
# No subject may talk to a server, ask for an account or find a running cluster.
SETTINGS = {
    "WANDB_MODE": "offline",
    "WANDB_SILENT": "true",
    "WANDB_ERROR_REPORTING": "false",
    "HF_HUB_OFFLINE": "1",
    "GRADIO_ANALYTICS_ENABLED": "False",
    "MLFLOW_DISABLE_TELEMETRY": "true",
    "DO_NOT_TRACK": "1",
    "RAY_USAGE_STATS_ENABLED": "0",
}
HIDDEN = ("RAY_ADDRESS", "WANDB_API_KEY", "MLFLOW_TRACKING_URI", "COCKPIT_EVENTS")


class ChildFailedError(RuntimeError):
    """The process ended badly; the message has the end of what it said."""


def is_installed(module: str) -> bool:
    return importlib.util.find_spec(module) is not None


def environment(home: Path) -> dict[str, str]:
    """This environment without what would lead a subject out of its folder."""
    kept = {name: value for name, value in os.environ.items() if name not in HIDDEN}
    inside = {"HOME": str(home), "WANDB_DIR": str(home), "TRACKIO_DIR": str(home / "trackio"), "RAY_TMPDIR": str(home)}
    return {**kept, **SETTINGS, **inside}


def measure_in_child(module: str, *arguments: str) -> dict[str, Any]:
    """Run `python -m tests.bench.MODULE FOLDER ARGUMENTS…` and return what it left in `FOLDER/result.json`.

    `process` is added: the seconds from the start of the interpreter to its end. Raises `ChildFailedError`.
    """
    with tempfile.TemporaryDirectory(prefix="bench-", ignore_cleanup_errors=True) as name:
        folder = Path(name)
        command = [sys.executable, "-m", f"tests.bench.{module}", name, *arguments]
        began = time.perf_counter()
        done = subprocess.run(
            command,
            cwd=ROOT,
            env=environment(folder),
            capture_output=True,
            text=True,
            check=False,
            stdin=subprocess.DEVNULL,
        )
        took = time.perf_counter() - began
        result = folder / "result.json"
        if done.returncode or not result.exists():
            raise ChildFailedError(f"{' '.join(command)}: exit code {done.returncode}\n{done.stderr[-2000:]}")
        return {**json.loads(result.read_text(encoding="utf-8")), "process": took}


def leave_result(folder: Path, **values: Any) -> None:
    """Hand figures to the parent. Through a file, because subjects print whatever they like."""
    (folder / "result.json").write_text(json.dumps(values), encoding="utf-8")
