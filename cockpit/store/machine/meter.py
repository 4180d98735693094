"""The meter of this machine: one look, each part on its own, so that one that fails hides no other."""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from cockpit.events.text import one_line
from cockpit.store.machine.cgroup import ControlGroup
from cockpit.store.machine.history import History
from cockpit.store.machine.nvidia import NvidiaMeter
from cockpit.store.machine.processes import ProcessMeter
from cockpit.store.machine.rows import DiskRow, MachineRow, MemoryRow, NetworkRow, ProcessorRow
from cockpit.store.machine.tpu import TpuMeter

T = TypeVar("T")
LOOPBACK = ("lo", "lo0")  # of Linux and of macOS


class MachineMeter:
    """Looks at the machine again and again. Loads are means since the look before.

    The first look tells none and is quick, because a screen waits for it; every other one goes into the history.
    """

    def __init__(
        self,
        logs: Path,
        nvidia: NvidiaMeter | None = None,
        group: ControlGroup | None = None,
        tpu: TpuMeter | None = None,
    ) -> None:
        self._logs = logs
        self._group = group or ControlGroup()
        self._nvidia = nvidia or NvidiaMeter()
        self._processes = ProcessMeter(logs)
        self._history = History()
        self._times: list[tuple[float, float]] = []
        self._group_seconds: float | None = None
        self._looked = time.monotonic()
        self._is_first = True
        self._tpu = tpu or TpuMeter()
        self._network: tuple[float, int, int] | None = None

    def read(self, *, whole: bool = True) -> MachineRow:
        """The machine as of now; without `whole`, what stands in a headline. Never raises and hardly waits."""
        troubles: dict[str, str] = {}

        def part(name: str, read: Callable[[], T]) -> T | None:
            try:
                return read()
            except Exception as error:
                troubles[name] = one_line(f"{str(error) or type(error).__name__}", 120)
                return None

        gpus, trouble = self._nvidia.read()
        if trouble:
            troubles["gpus"] = trouble
        tpus, trouble = self._tpu.read()
        if trouble:
            troubles["tpus"] = trouble
        disk = part("disk", self._disk)
        is_first, self._is_first = self._is_first, False
        if is_first and not whole:
            return MachineRow(disk, gpus, self._tpu.text, tpus, tuple(troubles.items()))
        has_loads = bool(self._times)
        processor, memory = part("processor", self._processor), part("memory", self._memory)
        if has_loads:
            self._history.add(self._looked, processor, memory, gpus, tpus)
        if not whole:
            return MachineRow(disk, gpus, self._tpu.text, tpus, tuple(troubles.items()))
        return MachineRow(
            disk=disk,
            gpus=gpus,
            tpu=self._tpu.text,
            tpus=tpus,
            whole=True,
            processor=processor,
            memory=memory,
            network=part("network", self._traffic),
            trials=part("trials", self._processes.read) or (),
            history=self._history.row(),
            troubles=tuple(troubles.items()),
        )

    def _disk(self) -> DiskRow:
        folder = self._logs.absolute()
        existing = next(place for place in (folder, *folder.parents) if place.exists())
        usage = shutil.disk_usage(existing)
        return DiskRow(usage.free, usage.total)

    def _processor(self) -> ProcessorRow:
        import psutil  # here, because the first screen needs none of it

        now = time.monotonic()
        elapsed, self._looked = max(now - self._looked, 1e-3), now
        times = [_busy_and_whole(core._asdict()) for core in psutil.cpu_times(percpu=True)]
        before = self._times if len(self._times) == len(times) else times
        self._times = times
        cores = tuple(_load(*core, *old) for core, old in zip(times, before, strict=True))
        load = sum(cores) / max(1, len(cores))
        limit, limited_by = self._cpu_limit(len(cores))
        seconds = self._group.cpu_seconds() if limit is not None else None
        if limit is not None and seconds is not None:
            # The cores are those of the whole machine, on which others work too.
            load = _per_cent(seconds - (self._group_seconds or seconds), limit * elapsed)
        self._group_seconds = seconds
        return ProcessorRow(cores, round(load, 1), limit, limited_by, round(os.getloadavg()[0], 2))

    def _cpu_limit(self, cores: int) -> tuple[float | None, str]:
        allowed = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else cores
        quota = self._group.cpu_limit()
        if quota is not None and quota < min(allowed, cores):
            return quota, "control group"
        return (float(allowed), "affinity") if allowed < cores else (None, "")

    def _memory(self) -> MemoryRow:
        import psutil

        memory, swap = psutil.virtual_memory(), psutil.swap_memory()
        limit, used = self._group.memory_limit(), self._group.memory_used()
        if limit is None or used is None or limit >= memory.total:
            return MemoryRow(memory.total - memory.available, memory.total, False, swap.used, swap.total)
        return MemoryRow(used, limit, True, swap.used, swap.total)

    def _traffic(self) -> NetworkRow | None:
        """None at the first look, which has none to be compared with."""
        import psutil

        counters = [each for name, each in psutil.net_io_counters(pernic=True).items() if name not in LOOPBACK]
        now = (time.monotonic(), sum(each.bytes_recv for each in counters), sum(each.bytes_sent for each in counters))
        before, self._network = self._network, now
        if before is None:
            return None
        seconds = max(now[0] - before[0], 1e-3)
        # A counter that began anew, with an interface that went away, is no traffic backwards.
        received, sent = (max(0.0, (now[place] - before[place]) / seconds) for place in (1, 2))
        return NetworkRow(round(received), round(sent))


def _busy_and_whole(times: dict[str, float]) -> tuple[float, float]:
    """Seconds at work and seconds altogether; time for guests is in that of the user already."""
    whole = sum(times.values()) - times.get("guest", 0.0) - times.get("guest_nice", 0.0)
    return whole - times["idle"] - times.get("iowait", 0.0), whole


def _load(busy: float, whole: float, busy_before: float, whole_before: float) -> float:
    return _per_cent(busy - busy_before, whole - whole_before)


def _per_cent(part: float, whole: float) -> float:
    return round(min(100.0, max(0.0, 100.0 * part / whole)), 1) if whole > 0 else 0.0
