"""Looks at a Kaggle account from a thread of its own, whose calls run in another process and end after a while."""

from __future__ import annotations

import os
import signal
import subprocess
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import IO

from cockpit.engine.locks import private_folder
from cockpit.kaggle.client import Client
from cockpit.kaggle.errors import KaggleError, NoLoginError, ThrottledError
from cockpit.kaggle.followers import is_followed
from cockpit.kaggle.overview import Overview, known, look
from cockpit.kaggle.pace import Pace
from cockpit.kaggle.process import Helper, start_helper
from cockpit.kaggle.retries import Retries
from cockpit.store.folder import FolderError
from cockpit.store.numbers import duration_text
from cockpit.tui.trouble import keep_traceback

FOLDER = "kaggle"  # of the user on this machine: turns of accounts
UNKNOWN_SECONDS = 60.0  # between two looks while it is not known whose account it is


@dataclass(frozen=True)
class Heard:
    """What is known at a moment.

    `trouble` is why the last look found no more. `at` is when it ended, in seconds since 1970, None while there was
    none; `asked` when Kaggle was asked what it has not answered yet, on the monotonic clock, None while nothing is.
    `followed` are the kernels that somebody follows into this folder.
    """

    overview: Overview = field(default_factory=Overview)
    trouble: str = ""
    at: float | None = None
    asked: float | None = None
    followed: frozenset[str] = frozenset()


class KaggleWatch:
    """Looks at once, then at the account's pace, and whenever it is asked to.

    `receive` is called from the watch's thread. A call is given up after `call_seconds`.
    """

    def __init__(self, logs: Path, receive: Callable[[Heard], object], before: Heard, call_seconds: float) -> None:
        self._logs = logs
        self._receive = receive
        self._newest = replace(before, asked=None)
        self._client = Client(Helper(self._start_helper), Retries(attempts=1), call_seconds)
        self._process: subprocess.Popen[bytes] | None = None
        self._starting = threading.Lock()
        self._pace: Pace | None = None
        self._patience = 0.0  # on the monotonic clock
        self._wake = threading.Event()
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._run, name="kaggle", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def ask(self) -> None:
        """Look now, or once more when the look that is going on has ended."""
        self._wake.set()

    def stop(self) -> None:
        """End the thread and its process; returns at once, whatever Kaggle does."""
        with self._starting:  # a helper that starts at this moment would be nobody's
            self._over.set()
            process = self._process
        self._wake.set()
        if process is not None and process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)

    def _start_helper(self, stderr: IO[bytes]) -> subprocess.Popen[bytes]:
        with self._starting:
            if self._over.is_set():
                raise OSError("nobody waits for it any more")
            self._process = start_helper(stderr)
            return self._process

    def _run(self) -> None:
        try:
            while not self._over.is_set():
                self._wake.clear()
                self._look()
                self._wait()
        finally:
            self._client.close()

    def _look(self) -> None:
        trouble = ""
        try:
            overview = known(self._logs, self._newest.overview)
            self._tell(overview=overview, asked=time.monotonic(), followed=self._followed(overview))
            for found in look(self._client, self._logs, self._newest.overview):
                self._tell(overview=found, asked=time.monotonic())
                self._take_turn(found.user)
        except (KaggleError, FolderError, OSError) as error:
            trouble = self._heed(error)
        except Exception as error:
            # Old figures with a word about them are better than a screen without its thread.
            keep_traceback(error)
            trouble = f"{type(error).__name__}: {error}"
        self._tell(trouble=trouble, at=self._newest.at if trouble else time.time(), asked=None)

    def _followed(self, overview: Overview) -> frozenset[str]:
        return frozenset(run.kernel for run in overview.runs if is_followed(self._logs, run.intent.id))

    def _take_turn(self, user: str) -> None:
        """This look is the account's turn, so that the next one, whoever's it is, comes later."""
        if self._pace is None or self._pace.account != user:
            self._pace = Pace(private_folder(FOLDER), user)
            self._pace.take()

    def _heed(self, error: Exception) -> str:
        """Do what an error asks for, such as to leave the service alone for a while; return it in words."""
        if isinstance(error, NoLoginError):
            self._client.close()  # it reads the login when it starts
        if not isinstance(error, ThrottledError) or error.retry_after is None:
            return str(error)
        self._patience = time.monotonic() + error.retry_after
        if self._pace is not None:
            self._pace.defer(error.retry_after)
        return f"{error}; it is asked again in {duration_text(error.retry_after)}"

    def _wait(self) -> None:
        """Return when it is this account's turn, or when somebody asks and Kaggle did not forbid it."""
        self._over.wait(self._patience - time.monotonic())
        while not self._over.is_set() and not self._wake.is_set():
            left = self._pace.take() if self._pace is not None else UNKNOWN_SECONDS
            if not left:
                return
            self._wake.wait(left)
            if self._pace is None:
                return

    def _tell(self, **changed: object) -> None:
        self._newest = replace(self._newest, **changed)  # type: ignore[arg-type]  # names of its fields
        if not self._over.is_set():
            self._receive(self._newest)
