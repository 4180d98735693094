"""Where and with what a sweep runs, for its record."""

from __future__ import annotations

import os
import platform
import subprocess
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from cockpit.engine.machine import cores, gpu_ids
from cockpit.store.life import process_started

PACKAGES = ("cockpit-ml", "torch", "transformers", "ray", "optuna", "numpy")


def environment() -> dict[str, Any]:
    """Versions, machine, git state and working folder. No environment variables: those hold secrets."""
    return {
        "python": platform.python_version(),
        "versions": {name: found for name in PACKAGES if (found := _version(name))},
        "platform": platform.platform(),
        "cores": cores(),
        "gpus": len(gpu_ids()),
        "folder": str(Path.cwd()),
        "process_started": process_started(os.getpid()),
        **_git(),
    }


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return ""


def _git() -> dict[str, Any]:
    """Commit, and how many lines were changed since; empty outside a repository."""
    commit = _run_git("rev-parse", "--short", "HEAD")
    if not commit:
        return {}
    counts = [line.split("\t")[:2] for line in _run_git("diff", "HEAD", "--numstat").splitlines()]
    changed = sum(int(number) for pair in counts for number in pair if number.isdigit())
    return {"commit": commit, "changed_lines": changed}


def _run_git(*words: str) -> str:
    try:
        done = subprocess.run(["git", *words], capture_output=True, text=True, timeout=10, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return done.stdout.strip() if done.returncode == 0 else ""
