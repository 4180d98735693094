"""The warm parent: one process per node that has imported what trials need and forks a process for each.

A fork takes milliseconds where a fresh interpreter needs seconds for its imports. The parent runs no tensor
operation and no thread, so that its children start from a clean state, each in a session of its own.

Started as `python -m cockpit.engine.warm SOCKET MODULE…`. Each connection is one trial: the request with its channel
and lifeline comes in, `{"pid": …}` goes out, and when the child is gone `{"exit": …}`. Standard input is the parent's
own lifeline: when it closes, all trials are killed and the parent ends.
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
from pathlib import Path

LONGEST_REQUEST = 1 << 20


class WarmParent:
    """The server's state: its listening socket and the children by process id."""

    def __init__(self, path: str) -> None:
        self._listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self._listener.bind(path)
        self._listener.listen(128)
        self._children: dict[int, socket.socket] = {}
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

    def serve(self) -> None:
        """Fork and reap until standard input closes; SIGTERM passes on to every trial."""
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
                    self._signal_all(signal.SIGKILL)
                    return

    def _answer_signals(self, numbers: bytes) -> None:
        if signal.SIGTERM in numbers:
            self._signal_all(signal.SIGTERM)
        self._reap()

    def _accept(self) -> None:
        connection, _ = self._listener.accept()
        # The client sends at once after connecting, so this does not wait for anybody's thoughts.
        data, descriptors, _, _ = socket.recv_fds(connection, LONGEST_REQUEST, 2)
        while data and not data.endswith(b"\n"):
            more = connection.recv(LONGEST_REQUEST)
            data = data + more if more else b""
        if not data or len(descriptors) != 2:
            connection.close()
            return
        self._fork(connection, data, *descriptors)

    def _fork(self, connection: socket.socket, data: bytes, channel: int, lifeline: int) -> None:
        pid = os.fork()
        if pid == 0:
            try:
                self._become_trial(connection, data, channel, lifeline)
            finally:
                os._exit(70)  # only reached when even reporting the failure failed
        os.close(channel)
        os.close(lifeline)
        self._children[pid] = connection
        self._tell(connection, {"pid": pid})

    def _become_trial(self, connection: socket.socket, data: bytes, channel: int, lifeline: int) -> None:
        os.setsid()
        signal.set_wakeup_fd(-1)
        for number in (signal.SIGCHLD, signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            signal.signal(number, signal.SIG_DFL)
        for end in (self._listener, self._wakeup, self._wakeup_writer, connection, *self._children.values()):
            end.close()
        self._selector.close()
        from cockpit.engine import trial_process

        trial_process.main(json.loads(data), socket.socket(fileno=channel), lifeline)

    def _reap(self) -> None:
        while self._children:
            try:
                pid, status = os.waitpid(-1, os.WNOHANG)
            except ChildProcessError:
                return
            if pid == 0:
                return
            connection = self._children.pop(pid, None)
            if connection is not None:
                self._tell(connection, {"exit": os.waitstatus_to_exitcode(status)})
                connection.close()

    def _signal_all(self, number: int) -> None:
        for pid in self._children:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(pid, number)

    @staticmethod
    def _tell(connection: socket.socket, message: dict[str, int]) -> None:
        with contextlib.suppress(OSError):  # the supervisor is gone; its lifeline ends the trial
            connection.sendall(json.dumps(message).encode() + b"\n")


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
    gc.collect()
    gc.freeze()  # children share these pages as long as no collector touches them
    parent.serve()
    Path(socket_path).unlink(missing_ok=True)


if __name__ == "__main__":
    main()
