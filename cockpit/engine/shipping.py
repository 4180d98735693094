"""Sends what a trial writes on this machine to the run folder on another one, while the trial runs.

A checkpoint goes ahead of the line that names it. Trainers save again and again in the same place, so it may be newer
than that line; then the lines up to it go with it, or a trial that goes on from it would miss steps in its record.
"""

from __future__ import annotations

import os
import threading
import traceback
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import BinaryIO, Protocol

from cockpit.engine.run_recorder import EVENTS, INCOMPLETE, SUPERSEDED
from cockpit.events.codec import EventError, decode
from cockpit.events.kinds import Saved

TICK_SECONDS = 0.1
AGAIN_SECONDS = 0.5  # after something that failed
PIECE_BYTES = 4 << 20
MOST_BYTES = 32 << 20  # of lines that go with a file
_SAVED = b'"kind":"saved"'


class SupersededError(Exception):
    """A later attempt at the trial has begun, so this one is not recorded any more."""


class Sink(Protocol):
    """The recorder of one attempt; see `RunRecorder`."""

    def begin(self, name: str) -> int: ...

    def append(self, name: str, base: int, offset: int, data: bytes) -> int: ...

    def put(self, name: str, offset: int, data: bytes) -> int: ...

    def commit(self, base: int, offset: int, lines: bytes, files: Mapping[str, int]) -> int: ...


class Follower:
    """Follows the files of one attempt, a piece at a time. Not for use by several threads."""

    def __init__(self, folder: Path, sink: Sink) -> None:
        self._folder = folder
        self._sink = sink
        self._bases: dict[str, int] = {}
        self._offsets: dict[str, int] = {}
        self._due = {"config.json"}  # files to be sent, whether a line names them or not
        self.is_behind = False  # something could not be sent the last time, because it does not fit there now

    def tick(self) -> bool:
        """Send a piece of what is new. True when that went well and there may be more.

        Raises `SupersededError`, and what the sink raises.
        """
        self.is_behind = False
        more = [self._send_output(path.name) for path in sorted(self._folder.glob("output*.log"))]
        return self._send_events() or any(more)

    def _send_output(self, name: str) -> bool:
        offset = self._begin(name)
        data = _piece(self._folder / name, offset, PIECE_BYTES)
        if not data:
            return False
        return self._advance(name, self._sink.append(name, self._bases[name], offset, data))

    def _send_events(self) -> bool:
        offset = self._begin(EVENTS)
        with ExitStack() as stack:
            lines, files, later = self._gather(offset, stack)
            if not lines and not files:
                return False
            sizes = {name: self._send_file(name, file) for name, file in files.items()}
        sent = {name: size for name, size in sizes.items() if size is not None}
        whole = len(sent) == len(sizes)
        here = self._sink.commit(self._bases[EVENTS], offset, lines, sent) if whole else INCOMPLETE
        if here == INCOMPLETE:
            self.is_behind = True
            return False
        self._due = later
        return self._advance(EVENTS, here) if lines else bool(later)

    def _gather(self, offset: int, stack: ExitStack) -> tuple[bytes, dict[str, BinaryIO], set[str]]:
        """New lines, the files that go with them, opened, and the names of those that were saved again since.

        A file that is open stays as it is, whatever takes its place.
        """
        files: dict[str, BinaryIO] = {}
        later: set[str] = set()
        lines = _whole_lines(self._folder / EVENTS, offset, PIECE_BYTES)
        due = self._due | set(self._named(lines))
        while names := due - files.keys():
            opened = {name: file for name in names if (file := _open(self._folder / name)) is not None}
            due -= names - opened.keys()
            files |= {name: stack.enter_context(file) for name, file in opened.items()}
            # What was written before the files were opened, at least.
            more = _whole_lines(self._folder / EVENTS, offset + len(lines), max(0, MOST_BYTES - len(lines)))
            lines += more
            named = set(self._named(more))
            later |= named & files.keys()
            due |= named
        return lines, files, later

    def _named(self, lines: bytes) -> Iterator[str]:
        """The files that lines speak of, if they are in the trial's folder."""
        for line in lines.split(b"\n") if _SAVED in lines else ():
            if _SAVED not in line:
                continue
            try:
                event = decode(line)
            except EventError:
                continue
            if isinstance(event, Saved) and event.path and not Path(event.path).is_absolute():
                yield from self._files(event.path)

    def _files(self, name: str) -> Iterator[str]:
        path = Path(os.path.normpath(self._folder / name))
        if not path.is_relative_to(self._folder):
            return
        for file in sorted(path.rglob("*")) if path.is_dir() else [path]:
            if file.is_file():
                yield str(file.relative_to(self._folder))

    def _send_file(self, name: str, file: BinaryIO) -> int | None:
        """Returns its size, None when it does not fit there now."""
        size = 0
        while data := file.read(PIECE_BYTES):
            here = self._heard(self._sink.put(name, size, data))
            size += len(data)
            if here != size:
                return None
        if size == 0:
            self._heard(self._sink.put(name, 0, b""))
        return size

    def _begin(self, name: str) -> int:
        """How much of a file is there already."""
        if name not in self._bases:
            self._bases[name] = self._heard(self._sink.begin(name))
        return self._offsets.setdefault(name, 0)

    def _advance(self, name: str, here: int) -> bool:
        """Go on from there. False when nothing of what was sent has come."""
        moved = self._heard(here) != self._offsets[name]
        self._offsets[name] = here
        self.is_behind = self.is_behind or not moved
        return moved

    @staticmethod
    def _heard(answer: int) -> int:
        if answer == SUPERSEDED:
            raise SupersededError
        return answer


class Shipment:
    """A thread that follows the files of one attempt until it is closed."""

    def __init__(self, follower: Follower) -> None:
        self._follower = follower
        self._turn = threading.Condition()
        self._begun = 0  # rounds
        self._clean = 0  # the last round after which there was nothing more
        self._wanted = 0
        self._closing = False
        self._over = False
        self._thread = threading.Thread(target=self._run, name="shipment", daemon=True)
        self._thread.start()

    def flush(self, seconds: float) -> bool:
        """Wait until everything that is written now has arrived. False when it has not, in time or for ever."""
        with self._turn:
            wanted = self._wanted = self._begun + 1
            self._turn.notify_all()
            self._turn.wait_for(lambda: self._clean >= wanted or self._over, seconds)
            return self._clean >= wanted

    def close(self, seconds: float) -> bool:
        """Flush and end. False when something has not arrived."""
        arrived = self.flush(seconds)
        with self._turn:
            self._closing = True
            self._turn.notify_all()
        self._thread.join(seconds)
        return arrived

    def _run(self) -> None:
        while not self._closing:
            self._begun += 1
            pause = self._round()
            with self._turn:
                self._turn.wait_for(lambda: self._closing or self._wanted > self._begun, pause)
        with self._turn:
            self._over = True
            self._turn.notify_all()

    def _round(self) -> float:
        """Send what is new; returns for how long there is nothing to do."""
        try:
            while self._follower.tick():
                pass
        except SupersededError:
            self._closing = True
            return 0.0
        except Exception:
            # The recorder may be there again in a moment; whoever waits for it waits for so long and no longer.
            traceback.print_exc()
            return AGAIN_SECONDS
        if self._follower.is_behind:
            return AGAIN_SECONDS
        with self._turn:
            self._clean = self._begun
            self._turn.notify_all()
        return TICK_SECONDS


def _open(path: Path) -> BinaryIO | None:
    try:
        return path.open("rb")
    except OSError:
        return None  # removed again


def _piece(path: Path, offset: int, most: int) -> bytes:
    try:
        with path.open("rb") as file:
            file.seek(offset)
            return file.read(most)
    except FileNotFoundError:
        return b""


def _whole_lines(path: Path, offset: int, most: int) -> bytes:
    """Complete lines from a place on, about so many bytes at most, but one line in any case."""
    data = _piece(path, offset, most)
    end = data.rfind(b"\n") + 1
    if not end and len(data) == most and most:
        return _whole_lines(path, offset, 2 * most)
    return data[:end]
