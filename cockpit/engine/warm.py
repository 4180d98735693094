"""The warm parent: one process per node that has imported what trials need and forks a process for each.

A fork takes milliseconds where a fresh interpreter needs seconds for its imports. The parent runs no tensor
operation and no thread, so that its children start from a clean state, each in a session of its own.

Started as `python -m cockpit.engine.warm SOCKET MODULE…`. A connection is one trial: the request with its channel and
lifeline comes in, `{"pid": …}` goes out, and when the child is gone `{"exit": …}`. Or it is one signal to a trial,
`{"trial": …, "signal": …}`, and closing it says that it was sent. Standard input is the parent's own lifeline: when it
closes, all trials are killed and the parent ends.
"""

from __future__ import annotations

import contextlib
import gc
import importlib
import json
import os
import selectors
import signal
import socket
import sys
import traceback
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cockpit.engine import timings

LONGEST_REQUEST = 1 << 20


@dataclass(frozen=True)
class Child:
    """A trial's process and the line to its supervisor."""

    trial: str
    connection: socket.socket


class WarmParent:
    """The server's state: its listening socket and the children by process id."""

    def __init__(self, path: str) -> None:
        self._children: dict[int, Child] = {}
        self._signals: dict[str, int] = {}  # for trials that are not there yet
        self._ending = False  # trials that are still asked for shall end at once
        self._selector = selectors.DefaultSelector()
        self._wakeup, wakeup_writer = socket.socketpair()
        for end in (self._wakeup, wakeup_writer):
            end.setblocking(False)
        signal.set_wakeup_fd(wakeup_writer.fileno(), warn_on_full_buffer=False)
        self._wakeup_writer = wakeup_writer
        signal.signal(signal.SIGCHLD, lambda *_: None)  # the wake-up socket is what counts
        signal.signal(signal.SIGTERM, lambda *_: None)
        for ignored in (signal.SIGINT, signal.SIGHUP):
            signal.signal(ignored, signal.SIG_IGN)
        self._listener = _listen(path)

    def serve(self) -> None:
        """Fork and reap until standard input closes. SIGTERM passes on to every trial, also to those still to come."""
        self._selector.register(self._listener, selectors.EVENT_READ)
        self._selector.register(self._wakeup, selectors.EVENT_READ)
        self._selector.register(sys.stdin, selectors.EVENT_READ)
        while True:
            for key, _ in self._selector.select():
                if key.fileobj is self._listener:
                    self._accept()
                elif key.fileobj is self._wakeup:
                    self._answer_signals(self._wakeup.recv(1 << 12))
                elif not os.read(sys.stdin.fileno(), 1):
                    self._end_all()
                    return

    def _answer_signals(self, numbers: bytes) -> None:
        if signal.SIGTERM in numbers:
            self._ending = True
            for pid in self._children:
                _signal_group(pid, signal.SIGTERM)
        self._reap()

    def _end_all(self) -> None:
        for pid in self._children:
            _signal_group(pid, signal.SIGKILL)
        for pid in self._children:
            os.waitpid(pid, 0)

    def _accept(self) -> None:
        connection, _ = self._listener.accept()
        # The client sends at once after connecting, so this does not wait for anybody's thoughts.
        data, descriptors, _, _ = socket.recv_fds(connection, LONGEST_REQUEST, 2)
        while data and not data.endswith(b"\n"):
            more = connection.recv(LONGEST_REQUEST)
            data = data + more if more else b""
        if data and len(descriptors) == 2:
            self._fork(connection, json.loads(data), *descriptors)
            return
        with connection:  # closed once it is done: who asked for a signal waits for that
            if data:
                message = json.loads(data)
                self._pass_on(message["trial"], message["signal"])

    def _pass_on(self, trial: str, number: int) -> None:
        """Signal a trial, or keep the signal until it comes."""
        pids = [pid for pid, child in self._children.items() if child.trial == trial]
        if not pids:
            self._signals[trial] = number
        for pid in pids:
            _signal_trial(pid, number)

    def _fork(self, connection: socket.socket, request: dict[str, Any], channel: int, lifeline: int) -> None:
        # Held back until the child can answer it, and until this process knows the child.
        signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM})
        pid = os.fork()
        if pid == 0:
            try:
                self._become_trial(connection, request, channel, lifeline)
            except BaseException:
                traceback.print_exc()
            finally:
                os._exit(70)  # only reached when even reporting the failure failed
        os.close(channel)
        os.close(lifeline)
        self._children[pid] = Child(request["trial"], connection)
        self._tell(connection, {"pid": pid})
        signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGTERM})
        if self._ending:
            _signal_group(pid, signal.SIGTERM)
        if request["trial"] in self._signals:
            _signal_trial(pid, self._signals.pop(request["trial"]))

    def _become_trial(self, connection: socket.socket, request: dict[str, Any], channel: int, lifeline: int) -> None:
        os.setsid()
        signal.set_wakeup_fd(-1)
        for number in (signal.SIGCHLD, signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            signal.signal(number, signal.SIG_DFL)
        others = [child.connection for child in self._children.values()]
        for end in (self._listener, self._wakeup, self._wakeup_writer, connection, *others):
            end.close()
        self._selector.close()
        from cockpit.engine import trial_process

        trial_process.main(request, socket.socket(fileno=channel), lifeline)

    def _reap(self) -> None:
        while pid := _ended_child():
            # What the trial started and left behind; before reaping, because until then the id is nobody else's.
            _signal_group(pid, signal.SIGKILL)
            _, status = os.waitpid(pid, 0)
            child = self._children.pop(pid, None)
            if child is not None:
                self._tell(child.connection, {"exit": os.waitstatus_to_exitcode(status)})
                child.connection.close()

    @staticmethod
    def _tell(connection: socket.socket, message: dict[str, int]) -> None:
        with contextlib.suppress(OSError):  # the supervisor is gone; its lifeline ends the trial
            connection.sendall(json.dumps(message).encode() + b"\n")


def _listen(path: str) -> socket.socket:
    """Listen at `path`, which is there only once connections are taken: one that is refused finds a dead parent."""
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    listener.bind(f"{path}.new")
    listener.listen(128)
    Path(f"{path}.new").rename(path)
    return listener


def _ended_child() -> int:
    """A child that has ended and is not reaped yet; 0 if there is none."""
    try:
        ended = os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOHANG | os.WNOWAIT)
    except ChildProcessError:
        return 0
    return ended.si_pid if ended else 0


def _signal_trial(pid: int, number: int) -> None:
    """SIGKILL ends all that a trial started; any other signal is for the trial, which ends what it started itself."""
    if number == signal.SIGKILL:
        _signal_group(pid, number)
    else:
        os.kill(pid, number)  # not reaped yet, so it is there


def _signal_group(pid: int, number: int) -> None:
    try:
        os.killpg(pid, number)
    except ProcessLookupError:
        with contextlib.suppress(ProcessLookupError):  # forked just now, and not in its own session yet
            os.kill(pid, number)


def main() -> None:
    """Listen first, so that nobody has to try twice, then import, then serve."""
    socket_path, *modules = sys.argv[1:]
    parent = WarmParent(socket_path)
    for module in modules:
        try:
            importlib.import_module(module)
        except Exception as error:
            # The trial that needs it will fail with this very error, in its own record.
            print(f"warm parent: cannot import {module}: {error}", file=sys.stderr)
    timings.mark("warm")
    gc.collect()
    gc.freeze()  # children share these pages as long as no collector touches them
    parent.serve()
    Path(socket_path).unlink(missing_ok=True)


if __name__ == "__main__":
    main()
