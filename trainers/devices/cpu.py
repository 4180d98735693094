"""The processor."""

from __future__ import annotations

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

    def describe(self) -> str:
        import torch

        threads = torch.get_num_threads()
        return f"cpu ({threads} thread{'s' if threads != 1 else ''})"
