"""The processes of a program: one command line, once or once for each rank, and what it prints."""

from __future__ import annotations

import os
import select
import signal
import subprocess
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

from cockpit.engine.ranks import rank_variables
from cockpit.engine.redacting import Redactor
from cockpit.events.text import one_line

BLOCK = 1 << 16
LEFT_IN_PIPE = 1 << 20  # what a pipe can hold at most; beyond it somebody still writes
LAST_WORDS = 4096  # bytes of output in which the last line is looked for
GRACE_SECONDS = 3.0  # from SIGTERM to SIGKILL; the supervisor kills the whole group two seconds later


class ProgramError(Exception):
    """The program could not be started, or did not end well. One line; `code` is its exit code, None without one."""

    def __init__(self, text: str, code: int | None = None) -> None:
        super().__init__(text)
        self.code = code


class Children:
    """Started by making one, in the process group of this process; nothing that was started survives `close`.

    Rank 0 is listened to: what it prints goes to descriptor `output` but for secrets, and comes out of `read`. Others
    print to `output.rank1.log` and so on in `folder`. Raises `ProgramError` if the program cannot be started.
    """

    def __init__(
        self,
        command: Sequence[str],
        environment: Mapping[str, str],
        directory: str,
        folder: Path,
        ranks: int = 1,
        output: int = 1,
    ) -> None:
        self._output = output
        self._redactor = Redactor()
        self._last_words = b""
        self._folder = folder
        self._processes: list[subprocess.Popen[bytes]] = []
        self._pipe, write_end = os.pipe()
        os.set_blocking(self._pipe, False)
        self._silent = False  # the pipe has ended
        try:
            for rank, variables in enumerate(rank_variables(ranks)):
                self._start(command, {**environment, **variables}, directory, write_end if rank == 0 else None)
        except OSError as error:
            self.close()
            what = error.filename if error.filename == directory else command[0]
            raise ProgramError(f"{what}: cannot be started: {error.strerror or error}") from None
        except BaseException:
            self.close()
            raise
        finally:
            os.close(write_end)

    def read(self, seconds: float) -> bytes:
        """What rank 0 printed, b"" if nothing came in that time."""
        if self._silent:
            self._wait_for_an_end(seconds)
            return b""
        poll = select.poll()
        poll.register(self._pipe, select.POLLIN)
        return self._taken() if poll.poll(seconds * 1000) else b""

    def rest(self) -> bytes:
        """What is still in the pipe; nobody waits for what was left running in the background and holds it open."""
        data = b""
        while len(data) < LEFT_IN_PIPE and (block := self._taken()):
            data += block
        self._put_out(self._redactor.rest())
        return data

    def over(self) -> bool:
        """Whether all have ended, or one of them badly."""
        codes = [process.poll() for process in self._processes]
        return any(codes) or None not in codes

    def check(self) -> None:
        """Raises `ProgramError` if one has ended badly."""
        for rank, process in enumerate(self._processes):
            if code := process.poll():
                raise ProgramError(self._complaint(rank, code), code)

    def close(self) -> None:
        """End what still runs: SIGTERM, and SIGKILL after a grace time, listening until then."""
        self._signal(signal.SIGTERM)
        deadline = time.monotonic() + GRACE_SECONDS
        while self._running() and time.monotonic() < deadline:
            self.read(0.05)
        self._signal(signal.SIGKILL)
        for process in self._processes:
            process.wait()
        if self._pipe >= 0:
            self.rest()
            os.close(self._pipe)
            self._pipe, self._silent = -1, True

    def _start(self, command: Sequence[str], environment: Mapping[str, str], directory: str, pipe: int | None) -> None:
        rank = len(self._processes)
        log = pipe if pipe is not None else _open_log(self._folder, rank)
        try:
            process = subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, cwd=directory or None, env=environment
            )
        finally:
            if pipe is None:
                os.close(log)
        self._processes.append(process)

    def _taken(self) -> bytes:
        """One block from the pipe, whose secrets do not reach the output."""
        if self._silent:
            return b""
        try:
            block = os.read(self._pipe, BLOCK)
        except BlockingIOError:
            return b""
        self._silent = not block
        self._put_out(self._redactor.feed(block))
        return block

    def _put_out(self, data: bytes) -> None:
        self._last_words = (self._last_words + data)[-LAST_WORDS:]
        _copy(self._output, data)

    def _wait_for_an_end(self, seconds: float) -> None:
        running = self._running()
        if running:
            try:
                running[0].wait(seconds)
            except subprocess.TimeoutExpired:
                pass  # it goes on without a word

    def _running(self) -> list[subprocess.Popen[bytes]]:
        return [process for process in self._processes if process.poll() is None]

    def _signal(self, number: int) -> None:
        for process in self._running():
            process.send_signal(number)

    def _complaint(self, rank: int, code: int) -> str:
        how = f"exit code {code}" if code > 0 else f"killed by {signal.Signals(-code).name}"
        said = self._last_words if rank == 0 else _end_of(_log_of(self._folder, rank))
        which = f"rank {rank}: " if len(self._processes) > 1 else ""
        line = last_line(said)
        return f"{which}{how}: {line}" if line else f"{which}{how}"


def last_line(output: bytes) -> str:
    """The last line that says something: of a Python exception the one that names it."""
    lines = [line.strip() for line in output.replace(b"\r", b"\n").split(b"\n")]
    return one_line(next((line for line in reversed(lines) if line), b""), 300)


def _copy(descriptor: int, data: bytes) -> None:
    while data:
        try:
            data = data[os.write(descriptor, data) :]
        except OSError:
            return  # a full disk; output is not worth a trial


def _log_of(folder: Path, rank: int) -> Path:
    return folder / f"output.rank{rank}.log"


def _open_log(folder: Path, rank: int) -> int:
    return os.open(_log_of(folder, rank), os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o644)


def _end_of(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            file.seek(max(0, path.stat().st_size - LAST_WORDS))
            return file.read()
    except OSError:
        return b""
