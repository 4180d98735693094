"""Starting the warm parent of this node, and asking it for processes."""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import IO, Protocol

from cockpit.engine.channel import Message
from cockpit.engine.ray_token import without_token
from cockpit.engine.request import TrialRequest

START_SECONDS = 30.0
SIGNAL_SECONDS = 5.0  # the warm parent does nothing that takes longer, once it serves
DIED = "the warm parent of this node died; see engine.log"


class Reach(Protocol):
    """Reaches trials that run on other machines."""

    def terminate_trials(self) -> None: ...

    def signal_trial(self, attempt: str, number: int) -> None: ...

    def order_trial(self, attempt: str, order: Message) -> None: ...


class WarmParentProcess:
    """Runs the warm parent for as long as this object is open; closing it ends every trial.

    `socket_path` is what supervisors connect to, from any process of this user on this node. What trials are told here
    goes to those that `elsewhere` reaches as well.

    Without a `log` it only gets ready, and its output is kept until `log_to` says where that goes.
    """

    elsewhere: Reach | None = None

    def __init__(self, preload: Sequence[str], log: IO[bytes] | None = None) -> None:
        # Short, because the path of a Unix socket may have about 100 characters; private, because it starts processes.
        self._folder = tempfile.TemporaryDirectory(prefix="cockpit-")
        self.socket_path = str(Path(self._folder.name) / "warm")
        # Without a name, because the folder is to hold the socket only.
        self._kept = tempfile.TemporaryFile()  # noqa: SIM115 - open as long as this object is
        self._in_use = log is not None
        output = log or self._kept
        command = [sys.executable, "-m", "cockpit.engine.warm", self.socket_path, *preload]
        self._process = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=output,
            stderr=output,
            start_new_session=True,
            env=_quiet_environment(),
        )

    def log_to(self, log: IO[bytes]) -> None:
        """Have its output go to this file from now on, what was kept included."""
        self._in_use = True
        try:
            with connect(self.socket_path) as connection:
                socket.send_fds(connection, [b"\n"], [log.fileno()])
        except OSError:  # it died while it got ready
            self._kept.seek(0)
            shutil.copyfileobj(self._kept, log)
            log.flush()

    def terminate_trials(self) -> None:
        """Ask all trials of this node to close themselves now."""
        if self._process.poll() is None:
            self._process.send_signal(signal.SIGTERM)
        if self.elsewhere is not None:
            self.elsewhere.terminate_trials()

    def signal_trial(self, attempt: str, number: int) -> None:
        """Send a signal to the process of an attempt; SIGKILL to all of its group.

        An attempt still to come gets it when it begins. Returns once it is sent, so that nothing milder which is asked
        for afterwards can overtake it.
        """
        self._send({"attempt": attempt, "signal": number})
        if self.elsewhere is not None:
            self.elsewhere.signal_trial(attempt, number)

    def order_trial(self, attempt: str, order: Message) -> None:
        """Give an attempt an order for its next step. Returns once it is sent, as `signal_trial` does."""
        self._send({"attempt": attempt, "order": order})
        if self.elsewhere is not None:
            self.elsewhere.order_trial(attempt, order)

    def _send(self, message: Message) -> None:
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connection:
            try:
                connection.connect(self.socket_path)
                connection.sendall(json.dumps(message).encode() + b"\n")
                connection.settimeout(SIGNAL_SECONDS)
                connection.recv(1)
            except OSError:
                pass  # the warm parent is dead; its trials are being found dead too

    def close(self) -> None:
        """End the warm parent; every trial that is still there is killed. Closing it again does nothing."""
        if self._process.stdin is not None:
            self._process.stdin.close()
        if not self._in_use:
            self._process.kill()  # it has no trials, and would look at its lifeline only after its imports
        try:
            self._process.wait(timeout=10)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._kept.close()
        self._folder.cleanup()

    def __enter__(self) -> WarmParentProcess:
        return self

    def __exit__(self, *_: type[BaseException] | BaseException | TracebackType | None) -> None:
        self.close()


def _quiet_environment() -> dict[str, str]:
    """Thread pools that libraries make while they are imported would not survive a fork; trials set their own size."""
    one = dict.fromkeys(("OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMEXPR_NUM_THREADS"), "1")
    return without_token({**os.environ, **one, "TOKENIZERS_PARALLELISM": "false", "PYTHONUNBUFFERED": "1"})


def connect(socket_path: str) -> socket.socket:
    """Connect to a warm parent that is just being started. Raises `ConnectionError` when it does not come up."""
    deadline = time.monotonic() + START_SECONDS
    while True:
        connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        try:
            connection.connect(socket_path)
            return connection
        except FileNotFoundError:
            connection.close()
            if time.monotonic() > deadline:
                raise ConnectionError(f"the warm parent did not open {socket_path}; see engine.log") from None
            time.sleep(0.005)
        except ConnectionRefusedError:
            connection.close()
            raise ConnectionError(DIED) from None


def ask_for_process(connection: socket.socket, request: TrialRequest, channel: int, lifeline: int) -> None:
    """Send a trial's request with its ends of the channel and the lifeline. Raises `ConnectionError`."""
    data = json.dumps(request.to_json()).encode() + b"\n"
    try:
        sent = socket.send_fds(connection, [data], [channel, lifeline])
        connection.sendall(data[sent:])
    except OSError:
        raise ConnectionError(DIED) from None
