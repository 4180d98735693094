"""A two-way line of JSON messages between a trial's process and its supervisor.

The trial says `built`, `eval`, `did` (an order was carried out, or refused) and `end`; the supervisor answers each but
the last with `go` or `stop`, and may say `stop` at any time. The trial waits for the answer to an evaluation, so a
trial that is stopped never runs on, and the same search stops at the same evaluations every time.
"""

from __future__ import annotations

import json
import select
import socket
import threading
from typing import Any

Message = dict[str, Any]

GO = {"say": "go"}
STOP = {"say": "stop"}


class ChannelClosedError(Exception):
    """The other side is gone."""


def _plain(value: Any) -> float | str:
    """Numbers of numpy and torch are numbers too; what is none goes as text."""
    try:
        return float(value)
    except (TypeError, ValueError):
        return str(value)


class Channel:
    """One end of the line. One thread reads it; `send` is for any."""

    def __init__(self, end: socket.socket) -> None:
        self._socket = end
        self._buffer = b""
        self._sending = threading.Lock()
        self._poll = select.poll()
        self._poll.register(end, select.POLLIN)

    def fileno(self) -> int:
        return self._socket.fileno()

    def send(self, message: Message) -> None:
        """Say one thing. Raises `ChannelClosedError`."""
        line = json.dumps(message, default=_plain).encode() + b"\n"
        try:
            with self._sending:
                self._socket.sendall(line)
        except OSError:
            raise ChannelClosedError from None

    def receive(self) -> Message:
        """Wait for one message. Raises `ChannelClosedError` when none will come any more."""
        while b"\n" not in self._buffer:
            self._fill()
        return self._next()

    def pending(self) -> list[Message]:
        """Messages that are here already; costs one poll when there are none. Raises `ChannelClosedError`."""
        messages: list[Message] = []
        while self._poll.poll(0):
            try:
                self._fill()
            except ChannelClosedError:
                if b"\n" not in self._buffer:
                    raise
                break
        while b"\n" in self._buffer:
            messages.append(self._next())
        return messages

    def close(self) -> None:
        self._socket.close()

    def _fill(self) -> None:
        try:
            data = self._socket.recv(1 << 16)
        except ConnectionError:
            data = b""
        if not data:
            raise ChannelClosedError
        self._buffer += data

    def _next(self) -> Message:
        line, _, self._buffer = self._buffer.partition(b"\n")
        message: Message = json.loads(line)
        return message
