"""The processor."""

from __future__ import annotations

import resource
from pathlib import Path
from typing import TYPE_CHECKING, Any

from trainers.devices.base import Device

if TYPE_CHECKING:
    import torch


class CpuDevice(Device):
    """Always there. Copies between device and host are free, so reads cost nothing."""

    kind = "cpu"

    @property
    def torch_device(self) -> torch.device:
        import torch

        return torch.device("cpu")

    def receive(self, batch: Any) -> Any:
        return batch

    def limit_memory(self, more: int) -> None:
        pages = int(Path("/proc/self/statm").read_text().split()[0])
        hard = resource.getrlimit(resource.RLIMIT_AS)[1]
        wanted = pages * resource.getpagesize() + more
        resource.setrlimit(resource.RLIMIT_AS, (wanted if hard == resource.RLIM_INFINITY else min(wanted, hard), hard))

    def describe(self) -> str:
        import torch

        threads = torch.get_num_threads()
        return f"cpu ({threads} thread{'s' if threads != 1 else ''})"
