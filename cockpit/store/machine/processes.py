"""The processes of trials on this machine, found by the file into which they print."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from pathlib import Path

from cockpit.events.text import one_line
from cockpit.store.machine.rows import TrialProcess

PROC = "/proc"
OUTPUT = "output.log"


class ProcessMeter:
    """Looks at the trials of one logs folder. Loads are means since the look before, at first since they began."""

    def __init__(self, logs: Path) -> None:
        self._logs = os.path.realpath(logs)
        self._ticks = os.sysconf("SC_CLK_TCK")
        self._page = os.sysconf("SC_PAGE_SIZE")
        self._before: dict[int, int] = {}
        self._looked = 0.0

    def read(self) -> tuple[TrialProcess, ...]:
        """The running trials in order; helpers of a trial print where it prints and are counted in."""
        now = time.monotonic()
        elapsed, self._looked = now - self._looked, now
        used: dict[int, int] = {}
        groups: dict[str, list[tuple[int, float, int]]] = {}
        for pid, trial in self._printing():
            found = _usage(pid)
            if found is None:
                continue
            ticks, began, pages = found
            used[pid] = ticks
            seconds = elapsed if pid in self._before else _since_boot() - began / self._ticks
            load = 100.0 * (ticks - self._before.get(pid, 0)) / self._ticks / max(seconds, 1 / self._ticks)
            groups.setdefault(trial, []).append((pid, load, pages * self._page))
        self._before = used
        return tuple(_row(trial, groups[trial]) for trial in sorted(groups))

    def _printing(self) -> Iterator[tuple[int, str]]:
        for entry in os.listdir(PROC):  # noqa: PTH208 - ten times as fast where there are hundreds
            if entry.isdigit():
                place = _output_of(entry)
                if place.startswith(self._logs) and (trial := _trial(place)):
                    yield int(entry), trial


def _row(trial: str, processes: list[tuple[int, float, int]]) -> TrialProcess:
    pid = min(pid for pid, _, _ in processes)
    load = sum(load for _, load, _ in processes)
    return TrialProcess(trial, pid, len(processes), round(load, 1), sum(memory for _, _, memory in processes))


def trial_of(pid: int) -> str:
    """`exp012/t003` for a process of a trial, of whatever logs folder; empty for any other."""
    return _trial(_output_of(str(pid)))


def process_name(pid: int) -> str:
    """What the process is called; empty where that is not to be known."""
    try:
        return one_line(Path(f"{PROC}/{pid}/comm").read_bytes(), 40)
    except OSError:
        return ""


def _output_of(pid: str) -> str:
    """The file that a process prints into; empty where it prints elsewhere or is somebody else's."""
    try:
        return os.readlink(f"{PROC}/{pid}/fd/1")  # noqa: PTH115 - as above
    except OSError:
        return ""


def _trial(place: str) -> str:
    """`…/exp012-arcface/trials/t003/output.log` as `exp012/t003`."""
    parts = place.rsplit("/", 4)
    if len(parts) < 5 or parts[4] != OUTPUT or parts[2] != "trials":
        return ""
    return one_line(f"{parts[1].partition('-')[0]}/{parts[3]}", 60)


def _since_boot() -> float:
    return time.clock_gettime(time.CLOCK_BOOTTIME)


def _usage(pid: int) -> tuple[int, int, int] | None:
    """Clock ticks of processor time, those from boot to its beginning, pages of memory; None when it is gone."""
    try:
        stat = Path(f"{PROC}/{pid}/stat").read_text().rpartition(")")[2].split()
        return int(stat[11]) + int(stat[12]), int(stat[19]), int(stat[21])  # utime, stime, starttime, rss of proc(5)
    except (OSError, IndexError, ValueError):
        return None
