"""A team of threads, for what processes do together without training."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any, TypeVar

from trainers.devices.team import Team

Result = TypeVar("Result")


class Meeting:
    """Where the members of a team tell each other."""

    def __init__(self, size: int) -> None:
        self.told: list[Any] = [None] * size
        self.barrier = Barrier(size, timeout=60.0)


class Member(Team):
    """One thread of several."""

    def __init__(self, rank: int, meeting: Meeting) -> None:
        self.rank = rank
        self.size = len(meeting.told)
        self._meeting = meeting

    def gather(self, value: Any) -> list[Any]:
        self._meeting.told[self.rank] = value
        self._meeting.barrier.wait()
        told = list(self._meeting.told)
        self._meeting.barrier.wait()
        return told

    def once(self, work: Callable[[], Result]) -> Result:
        first: Result = self.gather(work() if self.rank == 0 else None)[0]
        return first


def team_of(size: int) -> list[Member]:
    meeting = Meeting(size)
    return [Member(rank, meeting) for rank in range(size)]


def by_all(work: Callable[[int], Result], size: int) -> list[Result]:
    """What each of so many threads makes that work at the same time, in the order of their numbers."""
    with ThreadPoolExecutor(size) as threads:
        return list(threads.map(work, range(size)))
