"""Starting a sweep that outlives its terminal: a `cockpit sweep` in a session of its own."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections.abc import Sequence

READY_FD = "COCKPIT_READY_FD"  # where the detached sweep says its experiment's name once it has its folder


class NotStartedError(Exception):
    """The sweep ended before it began. `code` is its exit code, the message what it said."""

    def __init__(self, message: str, code: int) -> None:
        super().__init__(message)
        self.code = code


def spawn_detached(arguments: Sequence[str]) -> tuple[str, int]:
    """Start `cockpit sweep ARGUMENTS` detached; return the experiment's folder name and the process id.

    Waits until the experiment exists. Raises `NotStartedError` when it never will.
    """
    reader, ready = os.pipe()
    with tempfile.TemporaryFile() as said:
        process = subprocess.Popen(
            [sys.executable, "-m", "cockpit", "sweep", *arguments],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=said,
            start_new_session=True,
            pass_fds=(ready,),
            env={**os.environ, READY_FD: str(ready)},
        )
        os.close(ready)
        with os.fdopen(reader) as line:
            name = line.readline().strip()
        if name:
            return name, process.pid
        code = process.wait()
        said.seek(0)
        text = said.read().decode(errors="replace").strip().removeprefix("cockpit: ")
        raise NotStartedError(text or f"the sweep ended with exit code {code} before it began", code or 1)


def is_detached() -> bool:
    """Whether this process was started by `spawn_detached`."""
    return READY_FD in os.environ


def tell_ready(name: str) -> None:
    """Tell whoever detached this sweep that its experiment exists."""
    descriptor = os.environ.pop(READY_FD, None)
    if descriptor is not None:
        try:
            os.write(int(descriptor), f"{name}\n".encode())
        except BrokenPipeError:
            pass  # nobody waits for it any more
        os.close(int(descriptor))
