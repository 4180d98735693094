"""The supervisor of one trial's process: starts it, hears it, answers it, and sees to it that it ends.

Both engines drive trials through this class and nothing else.
"""

from __future__ import annotations

import os
import select
import signal
import socket
import time
from collections.abc import Sequence

from cockpit.engine.channel import GO, STOP, Channel, ChannelClosedError, Message
from cockpit.engine.request import Outcome, TrialRequest
from cockpit.engine.warm_client import DIED, ask_for_process, connect

GRACE_SECONDS = 5.0  # from the word to SIGTERM, and from SIGTERM to SIGKILL


class Trial:
    """One running process. Its messages are `built` and `eval`, each to be answered with `go` or `stop`.

    When it is gone, `outcome` says how it ended. The process dies with this object: it holds the read end of a pipe
    whose write end is only here. Making one raises `ConnectionError` when the warm parent is gone.
    """

    def __init__(self, request: TrialRequest, socket_path: str) -> None:
        self.request = request
        self.id = request.trial
        self.outcome: Outcome | None = None
        self._pid: int | None = None
        self._end: Message | None = None
        self._deadline: float | None = None
        self._terminated = False
        connection = connect(socket_path)
        ours, theirs = socket.socketpair()
        lifeline_reader, self._lifeline = os.pipe()
        self._channel = Channel(ours)
        self._parent = Channel(connection)
        try:
            ask_for_process(connection, request, theirs.fileno(), lifeline_reader)
        except ConnectionError:
            self._release()
            raise
        finally:
            theirs.close()
            os.close(lifeline_reader)

    def filenos(self) -> tuple[int, int]:
        """What to wait on: readable when `read` has something to do."""
        return self._channel.fileno(), self._parent.fileno()

    def read(self) -> list[Message]:
        """The messages that want an answer. Sets `outcome` once the process is gone."""
        if self.outcome is not None:
            return []
        # In this order: what a process said before its end is here when the news of the end is.
        gone, exit_code = self._read_parent()
        messages = self._read_channel()
        if gone:
            self._finish(exit_code)
        else:
            self._enforce_deadline()
        return messages

    def answer(self, go_on: bool) -> None:
        """Answer a message: carry on, or close yourself."""
        if go_on:
            self._say(GO)
        else:
            self.stop()

    def stop(self) -> None:
        """Tell it to close itself, asked or not. Force follows if that takes too long."""
        self._deadline = self._deadline or time.monotonic() + GRACE_SECONDS
        self._say(STOP)

    def kill(self) -> None:
        """End the process group at once and hear no more of it."""
        if self.outcome is None:
            self._signal(signal.SIGKILL)
            self.outcome = Outcome("stopped", reason="killed")
            self._release()

    def close(self) -> None:
        """Make sure that nothing of the trial is left, waiting as long as a stop may take."""
        if self.outcome is None:
            self.stop()
        while self.outcome is None:
            wait_for([self], 0.1)
            self.read()

    def _say(self, message: Message) -> None:
        try:
            self._channel.send(message)
        except ChannelClosedError:
            pass  # it is ending already; its exit will be read

    def _read_channel(self) -> list[Message]:
        wanting = []
        try:
            for message in self._channel.pending():
                if message["say"] == "end":
                    self._end = message
                else:
                    wanting.append(message)
        except ChannelClosedError:
            pass  # its exit follows on the other line
        return wanting

    def _read_parent(self) -> tuple[bool, int | None]:
        """Whether the process is gone, and its exit code where the warm parent lived to tell."""
        try:
            messages = self._parent.pending()
        except ChannelClosedError:
            return True, None
        for message in messages:
            if "exit" in message:
                return True, message["exit"]
            self._pid = message["pid"]
        return False, None

    def _finish(self, exit_code: int | None) -> None:
        if self._end is not None:
            self.outcome = Outcome(**self._end["outcome"])
        elif self._deadline is not None:
            self.outcome = Outcome("stopped", reason="it did not close itself when it was told to, and was killed")
        else:
            self.outcome = Outcome("lost", reason=_how_it_died(exit_code), error=_how_it_died(exit_code))
        if exit_code is None:
            self._signal(signal.SIGKILL)  # the warm parent would have done it
        self._release()

    def _release(self) -> None:
        os.close(self._lifeline)
        self._channel.close()
        self._parent.close()

    def _enforce_deadline(self) -> None:
        if self._deadline is None or time.monotonic() < self._deadline:
            return
        self._signal(signal.SIGKILL if self._terminated else signal.SIGTERM)
        self._terminated = True
        self._deadline = time.monotonic() + GRACE_SECONDS

    def _signal(self, number: int) -> None:
        if self._pid is None:
            return
        try:
            os.killpg(self._pid, number)
        except (ProcessLookupError, PermissionError):
            pass  # gone already


def wait_for(trials: Sequence[Trial], seconds: float) -> None:
    """Wait until one of the trials may have something to read, at most so long."""
    poll = select.poll()
    for trial in trials:
        for descriptor in trial.filenos():
            poll.register(descriptor, select.POLLIN)
    poll.poll(seconds * 1000)


def _how_it_died(exit_code: int | None) -> str:
    if exit_code is None:
        return DIED
    if exit_code >= 0:
        return f"its process ended without a word, exit code {exit_code}; see output.log"
    name = signal.Signals(-exit_code).name
    hint = " (out of memory?)" if exit_code == -signal.SIGKILL else ""
    return f"its process was killed by {name}{hint}; see output.log"
