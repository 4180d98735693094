"""How busy the machine was while an experiment ran: `machine.jsonl` in its folder, one line for each look.

`{"at":1795948909.7,"host":"vm","cpu/load":41.5,"memory/used":…,"gpu0/load":97.0,"t003/cores":0.98,"names":{…}}`: what
was not told has no key. Loads are per cent, sizes bytes, traffic bytes a second, power watts, temperatures °C, clocks
MHz. Its one writer is the process that runs the experiment, and of a cluster it tells of that process's machine only.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from cockpit.events.text import one_line
from cockpit.store.machine.rows import GpuRow, MachineRow, TpuRow

NAMES = "names"
LONGEST_NAME = 80


@dataclass(frozen=True)
class Sample:
    """One look. `values` are by device and quantity, `gpu0/load`; `names` is what devices are called."""

    at: float
    host: str
    values: Mapping[str, float]
    names: Mapping[str, str] = field(default_factory=dict)

    @property
    def line(self) -> dict[str, Any]:
        """As it stands in the file."""
        names = {NAMES: dict(self.names)} if self.names else {}
        return {"at": self.at, "host": self.host, **self.values, **names}


def sample_of(machine: MachineRow, experiment: str | None, at: float, host: str) -> Sample:
    """What is worth keeping of a whole look; of the trials those of this experiment, `exp012`, else all."""
    values = dict(_known(_of_machine(machine)))
    for gpu in machine.gpus:
        values |= _known((f"gpu{gpu.number}/{name}", value) for name, value in _of_gpu(gpu))
    for tpu in machine.tpus:
        values |= _known((f"tpu{tpu.number}/{name}", value) for name, value in _of_tpu(tpu))
    for trial in machine.trials:
        folder, _, name = trial.trial.partition("/")
        if experiment in (folder, None):
            name = trial.trial if experiment is None else name
            values |= {f"{name}/cores": round(trial.load / 100, 3), f"{name}/memory": trial.memory}
            values |= _gpu_memory(machine.gpus, trial.trial, name)
    names = {f"gpu{gpu.number}": gpu.name for gpu in machine.gpus if gpu.name}
    names |= {f"tpu{tpu.number}": machine.tpu for tpu in machine.tpus}
    return Sample(round(at, 1), host, values, names)


def read_samples(path: Path) -> list[Sample]:
    """All looks in their order; lines that are torn or strange are left out. Names hold until they change."""
    names: Mapping[str, str] = {}
    found = []
    try:
        with path.open(encoding="utf-8", errors="replace") as lines:
            for line in lines:
                sample = _sample(line, names)
                if sample is not None:
                    names = sample.names
                    found.append(sample)
    except FileNotFoundError:
        pass
    return found


def _sample(line: str, names: Mapping[str, str]) -> Sample | None:
    try:
        told = json.loads(line)
        at, host = float(told["at"]), one_line(str(told["host"]), LONGEST_NAME)
        given = {one_line(key, 20): one_line(str(name), LONGEST_NAME) for key, name in told.get(NAMES, {}).items()}
        numbers = {one_line(key, 60): float(value) for key, value in told.items() if "/" in key}
    except (ValueError, LookupError, TypeError, AttributeError, RecursionError):
        return None
    return Sample(at, host, numbers, given or names)


def _of_machine(machine: MachineRow) -> Iterator[tuple[str, float | None]]:
    if machine.processor is not None:
        yield "cpu/load", machine.processor.load
    if machine.memory is not None:
        yield from (("memory/used", machine.memory.used), ("memory/total", machine.memory.total))
    if machine.disk is not None:
        yield from (("disk/free", machine.disk.free), ("disk/total", machine.disk.total))
    if machine.network is not None:
        yield from (("network/received", machine.network.received), ("network/sent", machine.network.sent))


def _of_gpu(gpu: GpuRow) -> Sequence[tuple[str, float | None]]:
    return (
        ("load", gpu.load),
        ("used", gpu.memory_used),
        ("total", gpu.memory_total),
        ("power", gpu.power),
        ("temperature", gpu.temperature),
        ("clock", gpu.clock),
    )


def _of_tpu(tpu: TpuRow) -> Sequence[tuple[str, float | None]]:
    return ("load", tpu.load), ("used", tpu.memory_used), ("total", tpu.memory_total)


def _gpu_memory(gpus: Sequence[GpuRow], trial: str, name: str) -> dict[str, float]:
    used = [process.memory for gpu in gpus for process in gpu.processes if process.trial == trial]
    known = [memory for memory in used if memory is not None]
    return {f"{name}/gpu_memory": sum(known)} if known else {}


def _known(values: Iterable[tuple[str, float | None]]) -> dict[str, float]:
    return {name: value for name, value in values if value is not None and math.isfinite(value)}
