"""The processor."""

from __future__ import annotations

import resource
from pathlib import Path
from typing import TYPE_CHECKING, Any

from trainers.devices.allocator import give_freed_memory_back, keep_freed_memory
from trainers.devices.base import Device

if TYPE_CHECKING:
    import torch


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
