"""Rank 0's eye on the other ranks of its trial: what they print, and how they end."""

from __future__ import annotations

import json
import os
import select
import signal
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any

from cockpit.engine.request import Outcome

# Seconds in which rank 0 may end by itself after another has failed: its own error may be an echo of that.
ECHO_SECONDS = 3.0
# Seconds from the first failure that is heard of to the choice of the one that came first.
SETTLING_SECONDS = 0.3
LONGEST_LINE = 1 << 16  # bytes that are printed before a line has ended


@dataclass(frozen=True)
class Rank:
    """A forked rank: its process, and the ends of pipes with what it prints and what it tells of its failure."""

    number: int
    pid: int
    printed: int
    told: int


@dataclass(frozen=True)
class _Failure:
    """`at` is on the clock that the processes of a machine share; one that was killed could not look at it."""

    rank: int
    at: float
    outcome: Outcome


class RankFailedError(Exception):
    """Another rank failed first. `outcome` is how."""

    def __init__(self, outcome: Outcome) -> None:
        super().__init__(outcome.reason)
        self.outcome = outcome


class RankWatch:
    """Watches further ranks until this process ends. Without any it costs nothing."""

    def __init__(self, ranks: Sequence[Rank], end: Callable[[Outcome], object]) -> None:
        self._ranks = len(ranks)
        self._end = end
        self._failures: list[_Failure] = []
        self._failed = threading.Event()
        self._copying = [_Copying(rank) for rank in ranks]
        for rank, copying in zip(ranks, self._copying, strict=True):
            threading.Thread(target=copying.follow, daemon=True).start()
            threading.Thread(target=self._wait_for, args=(rank, copying), daemon=True).start()

    @contextmanager
    def named(self) -> Iterator[None]:
        """An error inside that is only the echo of another rank's becomes that one's, as a `RankFailedError`.

        Collectives raise a `RuntimeError` when another process is gone; the news of its end may come a moment later.
        """
        try:
            yield
        except Exception as error:
            may_be_echo = any(isinstance(one, RuntimeError) for one in (error, error.__cause__))
            outcome = self.first_failure(ECHO_SECONDS) if self._ranks and may_be_echo else None
            if outcome is None:
                raise
            raise RankFailedError(outcome) from error
        finally:
            for copying in self._copying:
                copying.catch_up()

    def first_failure(self, patience: float) -> Outcome | None:
        """How that rank ended which failed first, after so many seconds at most; None if none has failed by then.

        One that was killed said nothing and is where it began: nobody else kills a rank but those that end the trial.
        """
        if not self._failed.wait(patience):
            return None
        time.sleep(SETTLING_SECONDS)
        return min(self._failures, key=lambda failure: failure.at).outcome

    def _wait_for(self, rank: Rank, copying: _Copying) -> None:
        _, status = os.waitpid(rank.pid, 0)
        code = os.waitstatus_to_exitcode(status)
        if code == 0:
            return
        self._failures.append(_failure(rank, code))
        self._failed.set()
        copying.catch_up()
        if code == -signal.SIGTERM:
            return  # the whole group gets it, and rank 0 answers it
        outcome = self.first_failure(0.0)
        time.sleep(ECHO_SECONDS)
        if outcome is not None:
            self._end(outcome)


def _failure(rank: Rank, code: int) -> _Failure:
    os.set_blocking(rank.told, False)
    try:
        told: dict[str, Any] = json.loads(os.read(rank.told, 1 << 16))
    except (BlockingIOError, ValueError):
        return _Failure(rank.number, 0.0, _silent_end(rank.number, code))
    outcome = Outcome(**told["outcome"])
    if not outcome.details.get("usage"):
        text = f"rank {rank.number}: {outcome.reason}"
        outcome = replace(outcome, reason=text, error=text)
    return _Failure(rank.number, float(told["at"]), outcome)


def _silent_end(number: int, code: int) -> Outcome:
    how = f"ended without a word, exit code {code}"
    if code < 0:
        hint = " (out of memory?)" if code == -signal.SIGKILL else ""
        how = f"was killed by {signal.Signals(-code).name}{hint}"
    text = f"rank {number} {how}; see output.log"
    return Outcome("lost", reason=text, error=text)


class _Copying:
    """Puts out what a rank prints, line by line and in one write each, so that no two ranks share a line."""

    def __init__(self, rank: Rank) -> None:
        self._pipe = rank.printed
        self._mark = f"[rank{rank.number}]: ".encode()
        self._line = b""
        self._lock = threading.Lock()
        os.set_blocking(self._pipe, False)

    def follow(self) -> None:
        """Until the rank, and all that it started, print no more."""
        poll = select.poll()
        poll.register(self._pipe, select.POLLIN)
        while poll.poll() and self.catch_up():
            pass

    def catch_up(self) -> bool:
        """Puts out what is there; False when nothing will come any more. For any thread."""
        with self._lock:
            try:
                while data := os.read(self._pipe, LONGEST_LINE):
                    self._copy(data)
            except BlockingIOError:
                return True
            _put_out(self._mark + self._line + b"\n" if self._line else b"")
            self._line = b""
            return False

    def _copy(self, data: bytes) -> None:
        *whole, self._line = (self._line + data).split(b"\n")
        if len(self._line) >= LONGEST_LINE:
            whole, self._line = [*whole, self._line], b""
        _put_out(b"".join(self._mark + line + b"\n" for line in whole))


def _put_out(data: bytes) -> None:
    try:
        os.write(1, data)
    except OSError:
        pass  # a full disk; output is not worth a trial
