"""Processes that belong to one experiment of these tests, known by a setting in the environment they began with."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

PATIENCE = 90.0  # seconds until something that must happen counts as not happening


@dataclass(frozen=True)
class Process:
    pid: int
    parent: int
    command: str


def marked(setting: str) -> list[Process]:
    """All living processes that were started with `NAME=value` in their environment."""
    return [process for folder in Path("/proc").glob("[0-9]*") if (process := _marked(folder, setting)) is not None]


def _marked(folder: Path, setting: str) -> Process | None:
    try:
        if setting.encode() not in (folder / "environ").read_bytes().split(b"\0"):
            return None
        state, parent = (folder / "stat").read_text().rpartition(")")[2].split()[:2]
        command = (folder / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
    except OSError:
        return None  # gone meanwhile, or somebody else's
    return None if state == "Z" else Process(int(folder.name), int(parent), command)


def send(pid: int, number: int) -> bool:
    """Whether the process was still there to get the signal."""
    try:
        os.kill(pid, number)
    except ProcessLookupError:
        return False
    return True


def stop(pid: int) -> None:
    """Have a process stand still. It does when this returns, or is gone."""
    if send(pid, signal.SIGSTOP):
        wait_until(lambda: _state(pid) in "TtZ")


def _state(pid: int) -> str:
    """One letter, as in proc(5); empty for a process that is gone."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return ""


@contextmanager
def standing_still(setting: str) -> Iterator[None]:
    """None of them does anything meanwhile, and none ends."""
    stopped: set[int] = set()
    while running := {process.pid for process in marked(setting)} - stopped:  # some start others meanwhile
        for pid in running:
            stop(pid)
        stopped |= running
    try:
        yield
    finally:
        for pid in stopped:
            send(pid, signal.SIGCONT)


def kill_all(setting: str) -> None:
    """Kill them until none is left, because some start others meanwhile."""
    while left := marked(setting):
        for process in left:
            send(process.pid, signal.SIGKILL)


def wait_until(condition: Callable[[], Any], seconds: float = PATIENCE, pause: float = 0.005) -> Any:
    """What the condition returned when it was first true. Fails when that does not happen in time."""
    deadline = time.monotonic() + seconds
    while not (found := condition()):
        assert time.monotonic() < deadline, f"not within {seconds:g} seconds"
        time.sleep(pause)
    return found
