"""Loads of the last minutes."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from typing import NamedTuple

from cockpit.store.machine.rows import GpuRow, HistoryRow, MemoryRow, ProcessorRow, TpuRow

SECONDS = 300.0
MOST_POINTS = 1000


class _Point(NamedTuple):
    at: float
    processor: float
    memory: float
    gpus: tuple[float, ...]
    tpus: tuple[float, ...]


class History:
    """Remembers looks for `SECONDS`."""

    def __init__(self) -> None:
        self._points: deque[_Point] = deque(maxlen=MOST_POINTS)

    def add(
        self,
        at: float,
        processor: ProcessorRow | None,
        memory: MemoryRow | None,
        gpus: Sequence[GpuRow],
        tpus: Sequence[TpuRow] = (),
    ) -> None:
        """Add a look at a time in seconds, of any clock that only goes forward."""
        while self._points and self._points[0].at < at - SECONDS:
            self._points.popleft()
        used = 100.0 * memory.used / memory.total if memory and memory.total else 0.0
        loads, chips = (tuple(each.load or 0.0 for each in rows) for rows in (gpus, tpus))
        self._points.append(_Point(at, processor.load if processor else 0.0, round(used, 1), loads, chips))

    def row(self) -> HistoryRow:
        points = self._points
        newest = points[-1].at if points else 0.0
        return HistoryRow(
            ages=tuple(newest - point.at for point in points),
            processor=tuple(point.processor for point in points),
            memory=tuple(point.memory for point in points),
            gpus=_by_number([point.gpus for point in points]),
            tpus=_by_number([point.tpus for point in points]),
        )


def _by_number(looks: Sequence[tuple[float, ...]]) -> tuple[tuple[float, ...], ...]:
    """The loads of each device, 0 where it was not there."""
    most = max(map(len, looks), default=0)
    return tuple(tuple(look[number] if number < len(look) else 0.0 for look in looks) for number in range(most))
