"""Starts and ends the helper, and asks it with a deadline. A helper that does not answer in time is killed."""

from __future__ import annotations

import json
import os
import select
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import IO, Any

from cockpit.kaggle.errors import OF_HELPER, HelperError, KaggleError, LateError

START_SECONDS = 30.0  # it imports Kaggle's client, which may ask the service who is logged in
_ROOT = Path(__file__).parent.parent.parent

Command = Callable[[IO[bytes]], "subprocess.Popen[bytes]"]


def start_helper(stderr: IO[bytes]) -> subprocess.Popen[bytes]:
    """The helper, in a process group of its own; a folder `kaggle` where the user works is not taken for the client."""
    path = os.pathsep.join(filter(None, [str(_ROOT), os.environ.get("PYTHONPATH")]))
    return subprocess.Popen(
        [sys.executable, "-P", "-m", "cockpit.kaggle.helper"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=stderr,
        env={**os.environ, "PYTHONPATH": path},
        start_new_session=True,
    )


class Helper:
    """One helper at a time, started when it is first needed and again after it ended.

    `deadline` is in seconds without a sign of life, so that a long download may take its time.
    """

    def __init__(self, start: Command = start_helper, start_seconds: float = START_SECONDS) -> None:
        self._start = start
        self._start_seconds = start_seconds
        self._process: subprocess.Popen[bytes] | None = None
        self._stderr: IO[bytes] | None = None
        self._unread = b""
        self._number = 0
        self.user = ""

    def ask(
        self, call: str, body: Mapping[str, Any], deadline: float, told: Callable[[Any], None] = lambda event: None
    ) -> Any:
        """The answer to one request; `told` gets the events before it. Raises `KaggleError`."""
        for is_answer, said in self.stream(call, body, deadline):
            if is_answer:
                return said
            told(said)
        raise AssertionError("a stream ends with its answer")

    def stream(self, call: str, body: Mapping[str, Any], deadline: float) -> Iterator[tuple[bool, Any]]:
        """Events, each with False, and at last the answer with True. Raises `KaggleError`."""
        process = self.start()
        self._number += 1
        number = self._number
        line = json.dumps({"id": number, "call": call, "body": dict(body)}).encode() + b"\n"
        try:
            assert process.stdin is not None
            process.stdin.write(line)
            process.stdin.flush()
        except OSError:
            raise self._died() from None
        while True:
            said = self._read(deadline, call)
            if said["id"] != number:
                continue  # the end of a stream that nobody read to its end
            if "error" in said:
                raise as_kaggle_error(said["error"])
            yield "answer" in said, said.get("answer", said.get("event"))
            if "answer" in said:
                return

    def start(self) -> subprocess.Popen[bytes]:
        """The helper that runs, logged in as `user`. Raises `KaggleError`, of `NoLoginError` above all."""
        if self._process is not None and self._process.poll() is None:
            return self._process
        self.close()
        self._stderr = tempfile.TemporaryFile()  # noqa: SIM115 - `close` closes it
        try:
            self._process = self._start(self._stderr)
        except OSError as error:
            raise HelperError(f"the process for Kaggle's client cannot start: {error}") from None
        said = self._read(self._start_seconds, "the login")
        if "error" in said:
            self.close()
            raise as_kaggle_error(said["error"])
        self.user = said["answer"]["user"]
        return self._process

    def close(self) -> None:
        """End the helper and whatever it started, at once: it keeps nothing that could be lost."""
        process, self._process, self._unread = self._process, None, b""
        if process is not None:
            try:
                os.killpg(process.pid, signal.SIGKILL)
            except ProcessLookupError:
                pass
            process.wait()
            for pipe in (process.stdin, process.stdout):
                if pipe is not None:
                    _close_quietly(pipe)
        if self._stderr is not None:
            self._stderr.close()
            self._stderr = None

    def _read(self, deadline: float, what: str) -> dict[str, Any]:
        assert self._process is not None
        assert self._process.stdout is not None
        descriptor = self._process.stdout.fileno()
        until = time.monotonic() + deadline
        while b"\n" not in self._unread:
            left = until - time.monotonic()
            if left <= 0 or not select.select([descriptor], [], [], left)[0]:
                self.close()
                raise LateError(f"Kaggle did not answer within {deadline:g} s ({what}); the call was given up")
            more = os.read(descriptor, 1 << 16)
            if not more:
                raise self._died()
            self._unread += more
        line, _, self._unread = self._unread.partition(b"\n")
        said: dict[str, Any] = json.loads(line)
        return said

    def _died(self) -> KaggleError:
        last = ""
        if self._stderr is not None:
            self._stderr.seek(0)
            lines = self._stderr.read()[-2000:].decode("utf-8", "replace").split("\n")
            last = next((line for line in reversed(lines) if line.strip()), "")
        self.close()
        return HelperError(f"the process with Kaggle's client ended{f': {last}' if last else ''}")


def as_kaggle_error(said: Mapping[str, Any]) -> KaggleError:
    """The error that the helper tells of."""
    kind = OF_HELPER.get(str(said.get("kind")), KaggleError)
    return kind(str(said.get("message")), retry_after=said.get("retry_after"))


def _close_quietly(pipe: IO[bytes]) -> None:
    try:
        pipe.close()
    except OSError:
        pass  # what was not written yet has nobody to read it
