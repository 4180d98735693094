"""Whether the process that runs a sweep still lives, as far as this machine can tell."""

from __future__ import annotations

import os
import socket
from pathlib import Path

LIVE = ("running", "queued")  # statuses of a sweep whose process is there


def process_started(pid: int) -> str:
    """A mark of when this process began, so that a reused pid is not taken for it; empty where it cannot be told."""
    fields = _stat(pid)
    return fields[19] if fields else ""  # field 22 of proc(5): clock ticks since boot


def _stat(pid: int) -> list[str]:
    """The fields of /proc/PID/stat from the state on; empty where there is none."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return []


def is_alive(host: str, pid: int, started: str) -> bool:
    """True also for another host's process, because from here nothing speaks against it."""
    if host != socket.gethostname():
        return True
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except (PermissionError, OverflowError):
        pass
    fields = _stat(pid)
    if fields and fields[0] == "Z":  # dead, and only its parent has not looked yet
        return False
    return not fields or not started or fields[19] == started
