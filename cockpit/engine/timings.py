"""Where the time goes from Enter to the first recorded step.

Whoever reaches a point of that way marks it: the command, the engine, the warm parent and the trials, each in a process
of its own. They append to one file that an environment variable names; without it a mark costs nothing. Times are
seconds since this machine was started, which all its processes share.
"""

from __future__ import annotations

import json
import os
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from cockpit.store.life import process_started

VARIABLE = "COCKPIT_TIMINGS"
# In the order in which they come, as far as one waits for another, with what took the time before each.
PHASES = {
    "imports": "interpreter and imports",
    "plan": "plan and checks",
    "run folder": "run folder",
    "engine": "engine start",
    "first trial": "first trial asked for",
    "worker": "Ray worker",
    "warm": "imports of the warm parent",
    "fork": "fork of the first trial",
    "built": "data and model built",
    "first step": "first step",
}
_marked: set[str] = set()


def mark(name: str) -> None:
    """This process is here now. Only the first time counts, and nothing that goes wrong matters."""
    if name in _marked:
        return
    _marked.add(name)
    path = os.environ.get(VARIABLE)
    if path is None:
        return
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CLOEXEC)
        try:
            os.write(descriptor, json.dumps([name, _now()]).encode() + b"\n")
        finally:
            os.close(descriptor)
    except OSError:
        pass  # another node, or the sweep is over


@contextmanager
def recorded() -> Iterator[Path]:
    """Have marks recorded, in this process and those that it starts, in the file that is yielded."""
    with tempfile.NamedTemporaryFile(prefix="cockpit-timings-", suffix=".jsonl") as file:
        os.environ[VARIABLE] = file.name
        _marked.clear()
        try:
            yield Path(file.name)
        finally:
            del os.environ[VARIABLE]


def phases(path: Path) -> dict[str, float]:
    """Seconds of each phase from the start of this process to the first step, as far as it was reached.

    What runs beside something else counts only as far as it was waited for.
    """
    first: dict[str, float] = {}
    for line in path.read_text(encoding="utf-8").splitlines():
        name, at = json.loads(line)
        first.setdefault(name, at)
    took, before = {}, _process_start()
    for name, what in PHASES.items():
        if name in first:
            took[what] = max(0.0, first[name] - before)
            before = max(before, first[name])
    return took


def _now() -> float:
    return time.clock_gettime(time.CLOCK_BOOTTIME)


def _process_start() -> float:
    """When this process was started, to a hundredth of a second; when Python asks where the system does not tell."""
    ticks = process_started(os.getpid())
    return int(ticks) / os.sysconf("SC_CLK_TCK") if ticks else _now()
