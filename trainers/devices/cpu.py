"""The processor."""

from __future__ import annotations

import resource
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from trainers.devices.allocator import give_freed_memory_back, keep_freed_memory
from trainers.devices.base import Device, Fetched

if TYPE_CHECKING:
    import torch
    from torch import Tensor


class CpuDevice(Device):
    """Always there. Copies between device and host are free, so reading is no wait."""

    kind = "cpu"
    answers_at_once = True

    @property
    def torch_device(self) -> torch.device:
        import torch

        return torch.device("cpu")

    def setup(self, threads: int = 0) -> None:
        keep_freed_memory()
        super().setup(threads)

    def receive(self, batch: Any) -> Any:
        return batch

    def pack(self, values: Sequence[Tensor]) -> list[float]:
        # The numbers are here already: a vector of them would be one more thing to compute, and to read later.
        return [number for value in values for number in _numbers(value)]

    def fetch(self, packs: Sequence[Any]) -> Fetched:
        return _Here(packs)

    def free(self) -> None:
        give_freed_memory_back()

    def limit_memory(self, more: int) -> None:
        pages = int(Path("/proc/self/statm").read_text().split()[0])
        hard = resource.getrlimit(resource.RLIMIT_AS)[1]
        wanted = pages * resource.getpagesize() + more
        resource.setrlimit(resource.RLIMIT_AS, (wanted if hard == resource.RLIM_INFINITY else min(wanted, hard), hard))

    def describe(self) -> str:
        import torch

        threads = torch.get_num_threads()
        return f"cpu ({threads} thread{'s' if threads != 1 else ''})"


class _Here(Fetched):
    """Numbers, and vectors that nobody writes to any more."""

    def __init__(self, packs: Sequence[Any]) -> None:
        self._packs = packs

    def floats(self) -> list[list[float]]:
        return [pack if isinstance(pack, list) else _numbers(pack) for pack in self._packs]


def _numbers(tensor: Tensor) -> list[float]:
    """The elements in order. Nothing is waited for: the processor has computed them when the tensor is there."""
    if tensor.dim():
        return list(map(float, tensor.reshape(-1).tolist()))
    return [float(tensor.item())]
