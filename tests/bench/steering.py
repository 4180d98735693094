"""Child of `steer`: stops and kills trials of a sweep that runs beside it, and leaves how long each took to be gone.

`python -m tests.bench.steering FOLDER ENGINE ROUNDS`.
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from cockpit.engine.control import send
from cockpit.engine.rebuild import read_events
from cockpit.events.kinds import Attempt, Step
from cockpit.store.folder import RunFolder, find_experiment

from .child import leave_result

PATIENCE = 120.0
ENDLESS = ("--set", "delay=0.05", "--set", "epochs=1000000", "--concurrent", "1")


def main() -> None:
    folder, engine, rounds = Path(sys.argv[1]), sys.argv[2], int(sys.argv[3])
    logs = folder / "logs"
    words = ["sweep", "demo", "--logs", str(logs), "--engine", engine, "--trials", str(2 * rounds + 1), *ENDLESS]
    process = subprocess.Popen([sys.executable, "-m", "cockpit", *words], stdout=subprocess.DEVNULL)
    try:
        took: dict[str, list[float]] = {"stop": [], "kill": []}
        for number in range(2 * rounds):
            name = ("stop", "kill")[number % 2]
            took[name].append(_seconds_to_end(logs, f"t{number:03d}", name))
    finally:
        process.terminate()
        process.wait()
    leave_result(folder, **took)


def _seconds_to_end(logs: Path, trial: str, name: str) -> float:
    pid = _until(lambda: _running(logs, trial))
    run = find_experiment(logs, "latest")
    began = time.perf_counter()
    send(run, name, trial)
    _until(lambda: not _is_there(pid))
    return time.perf_counter() - began


def _running(logs: Path, trial: str) -> int:
    """The trial's process once it has taken some steps; 0 before."""
    found = sorted(logs.glob("exp*/sweep.jsonl"))
    if not found:
        return 0
    record = list(read_events(RunFolder(found[0].parent).trial(trial).events))
    steps = sum(isinstance(event, Step) for event in record)
    return next((event.pid for event in record if isinstance(event, Attempt)), 0) if steps > 2 else 0


def _is_there(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def _until(condition: Callable[[], Any]) -> Any:
    deadline = time.monotonic() + PATIENCE
    while not (found := condition()):
        if time.monotonic() > deadline:
            raise SystemExit(f"nothing happened for {PATIENCE:g} seconds")
        time.sleep(0.002)
    return found


if __name__ == "__main__":
    main()
