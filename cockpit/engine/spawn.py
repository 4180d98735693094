"""Other `cockpit` processes: one that outlives this terminal, and one that is asked a question."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from typing import Any

# Without the working directory on the path of modules: a project's own `searches` must not hide the shipped ones.
COCKPIT = (sys.executable, "-P", "-m", "cockpit")
READY_FD = "COCKPIT_READY_FD"  # where the detached process says its experiment's name once it has its folder
OURS = "cockpit: "  # how an error of the command line begins

# A child that nobody remembers would stay a zombie, and Python warns of it.
_detached: dict[int, subprocess.Popen[bytes]] = {}


class NotStartedError(Exception):
    """The process ended before its experiment began. `code` is its exit code, the message what it said."""

    def __init__(self, message: str, code: int) -> None:
        super().__init__(message)
        self.code = code


def spawn_detached(arguments: Sequence[str], command: str = "sweep") -> tuple[str, int]:
    """Start `cockpit COMMAND ARGUMENTS` detached; return the experiment's folder name and the process id.

    Waits until the experiment exists. Raises `NotStartedError` when it never will.
    """
    reader, ready = os.pipe()
    with tempfile.TemporaryFile() as said:
        process = subprocess.Popen(
            [*COCKPIT, command, *arguments],
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
            _remember(process)
            return name, process.pid
        code = process.wait()
        said.seek(0)
        text = _complaint(said.read())
        raise NotStartedError(text or f"the {command} ended with exit code {code} before it began", code or 1)


def end_detached(pid: int, patience: float) -> None:
    """End a process of `spawn_detached`: SIGTERM, and SIGKILL for its whole group after `patience` seconds."""
    process = _detached.pop(pid, None)
    if process is None or process.poll() is not None:
        return
    process.terminate()
    try:
        process.wait(patience)
    except subprocess.TimeoutExpired:
        os.killpg(pid, signal.SIGKILL)
        process.wait()


def _remember(process: subprocess.Popen[bytes]) -> None:
    for pid, known in list(_detached.items()):
        if known.poll() is not None:
            del _detached[pid]
    _detached[process.pid] = process


def is_detached() -> bool:
    """Whether this process was started by `spawn_detached`."""
    return READY_FD in os.environ


def tell_ready(name: str) -> None:
    """Tell whoever detached this process that its experiment exists."""
    descriptor = os.environ.pop(READY_FD, None)
    if descriptor is not None:
        try:
            os.write(int(descriptor), f"{name}\n".encode())
        except BrokenPipeError:
            pass  # nobody waits for it any more
        os.close(int(descriptor))


class Asked:
    """A `cockpit … --json` that runs as a child. Only `wait` waits for it, and `close`, which ends it first."""

    def __init__(self, arguments: Sequence[str]) -> None:
        self.error = ""
        self._answer: dict[str, Any] | None = None
        # Files, because a child that fills a pipe waits until somebody reads it.
        self._printed, self._complained = tempfile.TemporaryFile(), tempfile.TemporaryFile()  # noqa: SIM115 - see close
        try:
            self._process: subprocess.Popen[bytes] | None = subprocess.Popen(
                [*COCKPIT, *arguments],
                stdin=subprocess.DEVNULL,
                stdout=self._printed,
                stderr=self._complained,
                start_new_session=True,
            )
        except OSError as error:
            self._process = None
            self.error = f"cannot start a process ({error.strerror})"

    @property
    def has_ended(self) -> bool:
        """Whether it runs no more, or never did."""
        return self._process is None or self._process.poll() is not None

    def result(self) -> dict[str, Any] | None:
        """The document that it printed; None while it runs, and for ever when `error` says why there is none."""
        if self._process is not None and self._process.poll() is not None:
            self._read(self._process.returncode)
            self._process = None
        return self._answer

    def wait(self) -> dict[str, Any] | None:
        """`result` when it has ended, however long that takes."""
        if self._process is not None:
            self._process.wait()
        return self.result()

    def close(self) -> None:
        """Kill it, with whatever it started, if it still runs. Closing twice is fine."""
        if self._process is not None:
            if self._process.poll() is None:
                os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait()
            self._process = None
            self.error = self.error or "it was not waited for"
        self._printed.close()
        self._complained.close()

    def _read(self, code: int) -> None:
        self._printed.seek(0)
        self._complained.seek(0)
        try:
            document = json.loads(self._printed.read())
        except ValueError:
            document = None
        if isinstance(document, dict):
            self._answer = document
        else:
            self.error = _complaint(self._complained.read()) or f"it ended with exit code {code} and no answer"


def ask(arguments: Sequence[str]) -> Asked:
    """Start `cockpit ARGUMENTS`, which shall print one JSON object, and return at once."""
    return Asked(arguments)


def _complaint(said: bytes) -> str:
    """The line in which a command says what is wrong, or all that was said where there is no such line."""
    text = said.decode(errors="replace").strip()
    lines = [line for line in text.splitlines() if line.startswith(OURS)]
    return lines[-1].removeprefix(OURS) if lines else text
