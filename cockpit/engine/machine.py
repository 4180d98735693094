"""What this machine has, and how many trials of a search fit on it at once."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from cockpit.engine.devices import AUTO, is_tpu, takes_all_chips
from cockpit.search.spec import Search
from trainers.devices.kinds import CPU, CUDA


@dataclass(frozen=True)
class Share:
    """How trials share the machine: `concurrent` at once, each with `cpu` cores and `gpu` GPUs or a part of one.

    `processes` work on one trial together. `tpu` are the chips that a node of a cluster has and each trial takes; on
    this machine nobody has to be told of them.
    """

    concurrent: int
    cpu: float
    gpu: float
    processes: int = 1
    tpu: float = 0.0

    @property
    def threads(self) -> int:
        """Threads of one process: those of its trial's cores, so that trials do not take each other's."""
        return max(1, int(self.cpu) // self.processes)


class NoRoomError(Exception):
    """The search asks for more than there is. One line, with what to do."""


def cores() -> int:
    """Processor cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def gpu_ids() -> list[str]:
    """GPUs that this process may use, by the ids that CUDA_VISIBLE_DEVICES takes; nothing is initialised."""
    visible = os.environ.get("CUDA_VISIBLE_DEVICES")
    if visible is not None:
        return [gpu.strip() for gpu in visible.split(",") if gpu.strip() not in ("", "-1")]
    count = len([device for device in Path("/dev").glob("nvidia[0-9]*") if device.name[6:].isdigit()])
    return [str(number) for number in range(count)]


def share(search: Search, device: str, available_cores: int, gpus: int, *, joining: bool = False) -> Share:
    """Divide the machine among trials.

    On a TPU one trial has all chips, and all cores to feed them. Raises `NoRoomError` when not even one trial fits. A
    sweep that is `joining` a cluster finds out there what fits.
    """
    on_tpu = not joining and takes_all_chips(device, gpus)
    cpu = search.resources.cpu or 1.0
    if on_tpu and cpu == 1.0:  # what a search has that says nothing
        cpu = float(available_cores)
    gpu = gpus_wanted(search, device, gpus)
    processes = _processes(search, device, gpu)
    if joining:
        return Share(search.concurrent or 1, cpu, gpu, processes)
    if gpu > gpus:
        key = "gpu" if search.resources.gpu else "processes"
        raise NoRoomError(f"resources.{key}: a trial wants {gpu:g} GPUs and this machine has {gpus}; ask for less")
    if cpu > available_cores:
        raise NoRoomError(
            f"resources.cpu: a trial wants {cpu:g} cores and this machine has {available_cores}; ask for less"
        )
    fit = 1 if on_tpu else times(available_cores, cpu)
    if on_tpu and (search.concurrent or 1) > 1:
        raise NoRoomError(f"concurrent: {search.concurrent} trials cannot share a TPU; at most 1 fits at once")
    if gpu:
        fit = min(fit, gpus * times(1, gpu) if gpu < 1 else times(gpus, gpu))
    concurrent = search.concurrent or fit
    if gpu and concurrent > fit:
        raise NoRoomError(f"concurrent: {concurrent} trials at once do not fit on {gpus} GPUs; at most {fit} do")
    if search.concurrent and search.concurrent * cpu > available_cores:
        cpu = min(cpu, max(1.0, available_cores / search.concurrent))
    return Share(concurrent=max(1, concurrent), cpu=cpu, gpu=gpu, processes=processes)


def gpus_wanted(search: Search, device: str, gpus: float) -> float:
    """GPUs of one trial. Where nothing is said and there are `gpus`, one for each process that is not for the CPU."""
    here = gpus and device in (AUTO, CUDA)
    return search.resources.gpu or (float(search.resources.processes or 1) if here else 0.0)


def chips_wanted(search: Search, device: str, chips: float) -> float:
    """TPU chips of one trial, of the `chips` that a node has at most. That is all of them, or none."""
    if not chips or not (device == AUTO or is_tpu(device)):
        return 0.0
    return max(chips, search.resources.tpu)


def _processes(search: Search, device: str, gpu: float) -> int:
    """Processes of one trial. Raises `NoRoomError` where those of a trainer would have to share a GPU.

    Two processes on one card cannot talk to each other through NCCL. How programs talk is their own affair.
    """
    processes = search.resources.processes or max(1, int(gpu))
    if gpu and device != CPU and processes > max(1, int(gpu)) and not (search.program or search.command):
        raise NoRoomError(
            f"resources.processes: {processes} processes want a GPU each and a trial gets {gpu:g}; "
            "ask for as many GPUs as processes, or for the CPU with --device cpu"
        )
    return processes


def times(room: float, each: float) -> int:
    """How many times `each` fits: 10 times 0.1 fit into 1, whatever floating point makes of it."""
    return int(room / each + 1e-9)


class GpuPool:
    """Hands out GPU ids; trials that want a fraction share one as long as it lasts."""

    def __init__(self, ids: list[str]) -> None:
        self._free = dict.fromkeys(ids, 1.0)

    def take(self, amount: float) -> list[str]:
        """Ids for one trial. There must be room, which `share` saw to."""
        if amount <= 0:
            return []
        each = min(amount, 1.0)
        fullest_first = sorted(self._free, key=lambda gpu: self._free[gpu])
        chosen = [gpu for gpu in fullest_first if self._free[gpu] >= each - 1e-9][: max(1, round(amount))]
        for gpu in chosen:
            self._free[gpu] -= each
        return chosen

    def give_back(self, ids: list[str], amount: float) -> None:
        for gpu in ids:
            self._free[gpu] += min(amount, 1.0)


def gpu_environment(ids: list[str]) -> dict[str, str]:
    """What makes a trial see these GPUs and no others."""
    return {"CUDA_VISIBLE_DEVICES": ",".join(ids)} if ids else {}
