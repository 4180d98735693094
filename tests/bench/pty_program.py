"""A program in a pseudo-terminal of a given size: every burst of its output is kept with the moment when it came.

What stood on the screen at some moment is found out afterwards, so that finding out costs the program nothing.
"""

from __future__ import annotations

import os
import pty
import re
import select
import subprocess
import termios
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

DOWN, UP, RIGHT, ENTER, ESCAPE = b"\x1b[B", b"\x1b[A", b"\x1b[C", b"\r", b"\x1b"
PATIENCE = 60.0  # seconds until a measurement gives up
_TICKS = os.sysconf("SC_CLK_TCK")
_PAGE = os.sysconf("SC_PAGE_SIZE")

# What a terminal answers when it is asked for its colours, its kind and what it can do.
_QUESTIONS = re.compile(rb"\x1b\](1[01]);\?(?:\x07|\x1b\\)|\x1b\[(>?0?c)|\x1b\[6(n)|\x1b\[\?(\d+)\$p")


class Burst(NamedTuple):
    """Bytes that were read at once, at a time of `time.perf_counter`."""

    at: float
    data: bytes


class PtyProgram:
    """Started at once; `close` ends it. `began` is the moment just before its process was made."""

    def __init__(self, command: Sequence[str], size: tuple[int, int], environment: Mapping[str, str]) -> None:
        self.size = size
        self.bursts: list[Burst] = []
        self._master, slave = pty.openpty()
        termios.tcsetwinsize(slave, (size[1], size[0]))
        self.began = time.perf_counter()
        # The first terminal that a session leader opens is its controlling one, which resizing and signals need.
        self._process = subprocess.Popen(
            ["/bin/sh", "-c", 'exec "$@" <>"$0" >&0 2>&0', os.ttyname(slave), *command],
            env={**_usual(environment), "TERM": "xterm-256color", "COLORTERM": "truecolor", "LANG": "C.UTF-8"},
            start_new_session=True,
        )
        self._slave = slave
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def is_running(self) -> bool:
        return self._process.poll() is None

    def press(self, keys: bytes) -> float:
        """Send what keys send; returns when that was."""
        at = time.perf_counter()
        os.write(self._master, keys)
        return at

    def bytes_since(self, at: float) -> int:
        """How much was written from then on."""
        return sum(len(burst.data) for burst in self.bursts if burst.at >= at)

    def wait_until(self, holds: Callable[[], object], seconds: float = PATIENCE) -> None:
        """Raises `TimeoutError` where `holds` does not become true in time, or the program ends before."""
        deadline = time.perf_counter() + seconds
        while not holds():
            if time.perf_counter() > deadline or not self.is_running:
                raise TimeoutError(f"{self._process.args} shows:\n" + "\n".join(last_screen(self)))
            time.sleep(0.01)

    def wait_until_quiet(self, seconds: float = 1.0) -> None:
        """Wait until it has begun to write, and has not written for a while."""
        self.wait_until(lambda: self.bursts and time.perf_counter() - self.bursts[-1].at > seconds)

    def cpu_seconds(self) -> float:
        """Processor time that the program has used, with that of processes of its own that have ended."""
        fields = Path(f"/proc/{self.pid}/stat").read_text().rpartition(")")[2].split()
        return sum(map(int, fields[11:15])) / _TICKS

    def memory(self) -> int:
        """Bytes of memory that the program holds."""
        return int(Path(f"/proc/{self.pid}/statm").read_text().split()[1]) * _PAGE

    def close(self) -> None:
        if self.is_running:
            self._process.terminate()
            try:
                self._process.wait(5)
            except subprocess.TimeoutExpired:
                self._process.kill()
        self._process.wait()
        os.close(self._slave)  # with which the reader finds the end
        self._reader.join()
        os.close(self._master)

    def _read(self) -> None:
        while True:
            select.select([self._master], [], [])
            try:
                data = os.read(self._master, 1 << 16)
            except OSError:
                return
            self.bursts.append(Burst(time.perf_counter(), data))
            if b"\x1b" in data:
                self._answer(data)

    def _answer(self, data: bytes) -> None:
        for colour, kind, place, mode in _QUESTIONS.findall(data):
            if colour:
                shade = b"rgb:e0e0/e0e0/e0e0" if colour == b"10" else b"rgb:1010/1010/1010"
                os.write(self._master, b"\x1b]" + colour + b";" + shade + b"\x1b\\")
            elif kind:
                os.write(self._master, b"\x1b[>0;276;0c" if kind.startswith(b">") else b"\x1b[?62;22c")
            elif place:
                os.write(self._master, b"\x1b[1;1R")
            else:
                os.write(self._master, b"\x1b[?" + mode + (b";2$y" if mode == b"2026" else b";0$y"))


def _usual(environment: Mapping[str, str]) -> Mapping[str, str]:
    """What is installed is compiled; where Python may not keep that, it would be measured how it compiles."""
    return {name: value for name, value in environment.items() if name != "PYTHONDONTWRITEBYTECODE"}


@contextmanager
def running(command: Sequence[str], size: tuple[int, int], environment: Mapping[str, str]) -> Iterator[PtyProgram]:
    """The program, until the end of the block."""
    program = PtyProgram(command, size, environment)
    try:
        yield program
    finally:
        program.close()


class Replay:
    """A terminal that is fed with what a program wrote."""

    def __init__(self, size: tuple[int, int]) -> None:
        import pyte

        self._screen: Any = pyte.Screen(*size)
        self._stream: Any = pyte.ByteStream(self._screen)

    def feed(self, data: bytes) -> None:
        self._stream.feed(data)

    @property
    def lines(self) -> list[str]:
        return list(self._screen.display)

    def background(self, row: int, column: int) -> str:
        """The background of one cell, as pyte names colours."""
        return str(self._screen.buffer[row][column].bg)


def screens(program: PtyProgram) -> Iterator[tuple[float, Replay]]:
    """The screen after every burst, and when that came. It is one object that changes."""
    replay = Replay(program.size)
    for burst in list(program.bursts):
        replay.feed(burst.data)
        yield burst.at, replay


def last_screen(program: PtyProgram) -> list[str]:
    """The lines of the screen as they are now."""
    replay = Replay(program.size)
    for burst in list(program.bursts):
        replay.feed(burst.data)
    return replay.lines


def first_time(program: PtyProgram, shows: Callable[[Sequence[str]], object]) -> float | None:
    """Seconds from the start until the screen is as wanted; None where it never is."""
    return next((at - program.began for at, replay in screens(program) if shows(replay.lines)), None)
