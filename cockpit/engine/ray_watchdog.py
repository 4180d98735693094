"""Ends what is left of a private Ray whose sweep was killed, and removes its folder.

Started beside the sweep as `python -I -S ray_watchdog.py FOLDER PACKAGE`, with FOLDER as Ray's own temporary folder and
PACKAGE as where Ray is installed. Standard input is a pipe whose other end only the sweep has. `DONE` on it means that
there is nothing to do; when it closes without, the sweep is dead. The kernel ends Ray's two servers then, but its
agents and workers stay for up to a minute, and the folder for ever.

Runs without site-packages, so it needs nothing but the standard library.
"""

from __future__ import annotations

import os
import shutil
import signal
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

DONE = b"done"
SECONDS = 10.0  # for processes that are killed to be gone
TITLE = b"ray::"  # what Ray's workers and agents call themselves, in place of their command line


@dataclass(frozen=True)
class Process:
    """A process of this user. `started` (clock ticks since boot) tells it from a later one with the same id.

    One that `has_ended` is kept by the kernel until its parent asks for it.
    """

    pid: int
    parent: int
    started: int
    has_ended: bool


def members(folder: str, package: str) -> list[Process]:
    """The processes of the Ray in `folder`, with all that they started."""
    mine = list(_processes())
    found = {process.pid for process in mine if _belongs(process.pid, os.fsencode(folder), os.fsencode(package))}
    known = 0
    while known < len(found):
        known = len(found)
        found.update(process.pid for process in mine if process.parent in found)
    found.discard(os.getpid())
    return [process for process in mine if process.pid in found]


def end(folder: str, package: str) -> None:
    """Kill the Ray in `folder`: again until nobody is left, because its processes start others meanwhile.

    One that was killed shows neither its command nor its files while it ends, and yet is there until it has ended.
    """
    deadline = time.monotonic() + SECONDS
    killed: set[Process] = set()
    while (left := {*members(folder, package), *filter(_is_alive, killed)}) and time.monotonic() < deadline:
        for process in left:
            _kill(process)
        killed |= left
        time.sleep(0.02)


def _processes() -> Iterator[Process]:
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            if folder.stat().st_uid == os.getuid():
                yield _process(int(folder.name))
        except OSError:
            continue  # gone meanwhile


def _process(pid: int) -> Process:
    """Raises `OSError` when it is gone."""
    fields = Path(f"/proc/{pid}/stat").read_text(errors="replace").rpartition(")")[2].split()
    return Process(pid, int(fields[1]), int(fields[19]), fields[0] in "ZX")


def _is_alive(process: Process) -> bool:
    try:
        now = _process(process.pid)
    except OSError:
        return False
    return now.started == process.started and not now.has_ended


def _belongs(pid: int, folder: bytes, package: bytes) -> bool:
    """Whether it is a program of Ray that was given this folder, or goes by a title of Ray and has files open there.

    Neither is true of an editor or a pager that looks at Ray's logs.
    """
    try:
        command = Path(f"/proc/{pid}/cmdline").read_bytes()
        if command.startswith(TITLE):
            return any(
                os.fsencode(entry.readlink()).startswith(folder + b"/") for entry in Path(f"/proc/{pid}/fd").iterdir()
            )
        return package + b"/" in command and folder + b"/" in command
    except OSError:
        return False


def _kill(process: Process) -> None:
    """SIGKILL for this very process; the handle keeps the signal from one that has got its id since."""
    try:
        handle = os.pidfd_open(process.pid)
    except OSError:
        return
    try:
        if _is_alive(process):
            signal.pidfd_send_signal(handle, signal.SIGKILL)
    except OSError:
        pass  # gone meanwhile
    finally:
        os.close(handle)


def _last_words(descriptor: int) -> bytes:
    said = b""
    while data := os.read(descriptor, 64):
        said += data
    return said


def main() -> None:
    """Wait for the end of the sweep, and clean up after one that was killed."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    folder, package = sys.argv[1:]
    if _last_words(0) == DONE:
        return
    end(folder, package)
    shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main()
