"""A run at Kaggle as an experiment here: its record is put together from its log, line by line and each once."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, Protocol

from cockpit.events.codec import EventError, decode, encode
from cockpit.events.kinds import SweepEnded, SweepStarted
from cockpit.kaggle.marked import FAILURE, LINE, RECEIPT, STOPPING, Lines, parsed
from cockpit.store.folder import FolderError, RunFolder, claim
from cockpit.store.summary import write_summary

LEDGER = "sweep.jsonl"
FILES = re.compile(r"sweep\.jsonl|trials/t[0-9]{3,9}/events\.jsonl")
SUMMARY_SECONDS = 1.0


class Record:
    """The run folder `run` as it is written here; it is claimed when the first line comes.

    `claimed` gets it before a line is written into it, so that a follower which is killed right then has left an empty
    folder or one that the next follower goes on with.

    Lines of before are not written again: logs begin at their first line each time, and so does a follower that was
    ended and started again.
    """

    def __init__(
        self, logs: Path, run: RunFolder | None = None, claimed: Callable[[RunFolder], object] = lambda run: None
    ) -> None:
        self.run = run
        self._claimed = claimed
        self._logs = logs
        self._skip: dict[str, int] = {}
        self._waiting: dict[str, list[bytes]] = {}
        self._has_ended = False

    def add(self, file: str, line: str) -> bool:
        """One line of the record; false where it is of a file that no record has, or of one that has not begun."""
        data = line.encode("utf-8", "replace").replace(b"\n", b" ")
        event = _event(data)
        if not FILES.fullmatch(file) or (self.run is None and not isinstance(event, SweepStarted)):
            return False
        if isinstance(event, SweepStarted) and file == LEDGER:
            self.run = self.run or self._claim(event)
            data = here(event, self.run).rstrip(b"\n")
        if file == LEDGER:
            self._has_ended = isinstance(event, SweepEnded)
        self._append(file, data)
        return True

    def _claim(self, event: SweepStarted) -> RunFolder:
        run = claim(self._logs, event.search or "kaggle")
        self._claimed(run)
        return run

    def _append(self, file: str, data: bytes) -> None:
        if file not in self._skip:
            self._skip[file] = self._written(file)
        if self._skip[file]:
            self._skip[file] -= 1
        else:
            self._waiting.setdefault(file, []).append(data + b"\n")

    def _written(self, file: str) -> int:
        """How many lines are there from before; one that was being written when the follower was killed goes."""
        assert self.run is not None
        path = self.run.path / file
        path.parent.mkdir(parents=True, exist_ok=True)
        known = path.read_bytes() if path.exists() else b""
        whole = known[: known.rfind(b"\n") + 1]
        if whole != known:
            path.write_bytes(whole)
        return whole.count(b"\n")

    def flush(self) -> None:
        """Let readers see what came. The ledger comes last: of a trial that ended, all is there."""
        for file in sorted(self._waiting, key=LEDGER.__eq__):
            assert self.run is not None
            with (self.run.path / file).open("ab") as stream:
                stream.write(b"".join(self._waiting[file]))
        self._waiting.clear()

    def show(self) -> None:
        """`flush`, and let lists of experiments see it too."""
        self.flush()
        if self.run is not None:
            try:
                write_summary(self.run)
            except FolderError:
                pass  # another reader makes the index just now

    def end(self, status: str, reason: str) -> None:
        """The run is over. A sweep that did not get to say so itself is said to have ended."""
        if self.run is not None and not self._has_ended:
            self._append(LEDGER, encode(SweepEnded(status=status, reason=reason, at=time.time())).rstrip(b"\n"))


def here(event: SweepStarted, run: RunFolder) -> bytes:
    """The first line of a sweep that ran elsewhere, with the name that it has here."""
    return encode(replace(event, experiment=run.id))


class Listener(Protocol):
    """Who hears what a run tells: `line` gets lines without a mark, `receipt` what the run really got, and `failure` in
    one line what it failed of."""

    def line(self, text: str) -> None: ...

    def receipt(self, said: Mapping[str, Any]) -> None: ...

    def failure(self, why: str) -> None: ...


def follow(events: Iterator[Mapping[str, Any]], record: Record, listener: Listener) -> Iterator[None]:
    """Write what a log tells into the record, and come back after every event of the log."""
    lines, written = Lines(), 0.0
    for event in events:
        for line in lines.feed(event):
            _take(line, record, listener)
        if time.monotonic() - written > SUMMARY_SECONDS:
            written = time.monotonic()
            record.show()
        yield
    for line in lines.last():
        _take(line, record, listener)
    record.show()
    yield


def _take(line: str, record: Record, listener: Listener) -> None:
    said = parsed(line)
    if said is None:
        listener.line(line)
    elif said.get("kind") == RECEIPT:
        listener.receipt(said)
    elif said.get("kind") == STOPPING:
        listener.line("the run was asked to stop, and stops")
    elif said.get("kind") == FAILURE:
        listener.failure(str(said.get("why")))
    elif said.get("kind") == LINE and not record.add(str(said.get("file")), str(said.get("line"))):
        listener.line(line)


def _event(line: bytes) -> object:
    try:
        return decode(line)
    except EventError:
        return None
