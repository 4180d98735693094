"""The warm parent: one process per node that has imported what trials need and forks a process for each.

A fork takes milliseconds where a fresh interpreter needs seconds for its imports. The parent runs no tensor
operation and no thread, so that its children start from a clean state, each in a session of its own.

Started as `python -m cockpit.engine.warm SOCKET MODULE…`. A connection is one trial: the request with its channel and
lifeline comes in, `{"pid": …}` goes out, and when the child is gone `{"exit": …}`. Or it is one signal to a trial,
`{"attempt": "t003#1", "signal": …}`, or an order for its next step, `{"attempt": …, "order": {…}}`, and closing it says
that it was sent. Or it brings nothing but a file, to which the parent's output goes from then on. Standard input is the
parent's own lifeline: when it closes, all trials are killed and the parent ends.
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
from cockpit.engine.request import TrialRequest
from trainers.devices.autoload import kept_away

LONGEST_REQUEST = 1 << 20


@dataclass(frozen=True)
class Child:
    """The process of one attempt, the line to its supervisor, and the one on which it reads orders."""

    attempt: str
    connection: socket.socket
    orders: socket.socket


class WarmParent:
    """The server's state: its listening socket and the children by process id."""

    def __init__(self, path: str) -> None:
        self._children: dict[int, Child] = {}
        self._kept: dict[str, list[dict[str, Any]]] = {}  # signals and orders for attempts that are not there yet
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
            if len(descriptors) == 1:
                _log_to(descriptors[0])
            elif data:
                self._pass_on(json.loads(data))

    def _pass_on(self, message: dict[str, Any]) -> None:
        """Hand a signal or an order to its attempt, or keep it until that comes."""
        children = [(pid, child) for pid, child in self._children.items() if child.attempt == message["attempt"]]
        if not children:
            self._kept.setdefault(message["attempt"], []).append(message)
        for pid, child in children:
            _hand_over(pid, child, message)

    def _fork(self, connection: socket.socket, request: dict[str, Any], channel: int, lifeline: int) -> None:
        # Held back until the child can answer it, and until this process knows the child.
        signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM})
        orders, reader = socket.socketpair()
        orders.setblocking(False)
        pid = os.fork()
        if pid == 0:
            try:
                orders.close()
                self._become_trial(connection, request, channel, lifeline, reader)
            except BaseException:
                traceback.print_exc()
            finally:
                os._exit(70)  # only reached when even reporting the failure failed
        os.close(channel)
        os.close(lifeline)
        reader.close()
        attempt = TrialRequest(**request).name
        child = self._children[pid] = Child(attempt, connection, orders)
        self._tell(connection, {"pid": pid})
        signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGTERM})
        if self._ending:
            _signal_group(pid, signal.SIGTERM)
        for message in self._kept.pop(attempt, []):
            _hand_over(pid, child, message)

    def _become_trial(
        self, connection: socket.socket, request: dict[str, Any], channel: int, lifeline: int, orders: socket.socket
    ) -> None:
        os.setsid()
        signal.set_wakeup_fd(-1)
        for number in (signal.SIGCHLD, signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            signal.signal(number, signal.SIG_DFL)
        others = [end for child in self._children.values() for end in (child.connection, child.orders)]
        for end in (self._listener, self._wakeup, self._wakeup_writer, connection, *others):
            end.close()
        self._selector.close()
        from cockpit.engine import trial_process

        trial_process.main(request, socket.socket(fileno=channel), lifeline, orders)

    def _reap(self) -> None:
        while pid := _ended_child():
            # What the trial started and left behind; before reaping, because until then the id is nobody else's.
            _signal_group(pid, signal.SIGKILL)
            _, status = os.waitpid(pid, 0)
            child = self._children.pop(pid, None)
            if child is not None:
                self._tell(child.connection, {"exit": os.waitstatus_to_exitcode(status)})
                child.connection.close()
                child.orders.close()

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


def _log_to(log: int) -> None:
    """Let the output go to this file, what was put out before included."""
    sys.stdout.flush()
    sys.stderr.flush()
    os.write(log, os.pread(sys.stdout.fileno(), os.fstat(sys.stdout.fileno()).st_size, 0))
    for stream in (sys.stdout, sys.stderr):
        os.dup2(log, stream.fileno())
    os.close(log)


def _ended_child() -> int:
    """A child that has ended and is not reaped yet; 0 if there is none."""
    try:
        ended = os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOHANG | os.WNOWAIT)
    except ChildProcessError:
        return 0
    return ended.si_pid if ended else 0


def _hand_over(pid: int, child: Child, message: dict[str, Any]) -> None:
    if "signal" in message:
        _signal_trial(pid, message["signal"])
        return
    # A trial that reads nothing any more, or whose line is full, is ending or stuck; its supervisor finds out.
    with contextlib.suppress(OSError):
        child.orders.sendall(json.dumps(message["order"]).encode() + b"\n")


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
    gc.disable()  # imports make millions of objects and hardly any garbage
    with kept_away():  # what has a TPU cannot be forked
        for module in modules:
            try:
                importlib.import_module(module)
            except Exception as error:
                # The trial that needs it will fail with this very error, in its own record.
                print(f"warm parent: cannot import {module}: {error}", file=sys.stderr)
    timings.mark("warm")
    gc.freeze()  # children share these pages as long as no collector touches them
    gc.enable()
    parent.serve()
    Path(socket_path).unlink(missing_ok=True)
    with contextlib.suppress(OSError):
        Path(socket_path).parent.rmdir()  # whose maker may have been killed


if __name__ == "__main__":
    main()
