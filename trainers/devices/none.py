"""For trainers that do not compute with torch."""

from __future__ import annotations

from typing import TYPE_CHECKING

from trainers.devices.base import Device

if TYPE_CHECKING:
    import torch


class NoDevice(Device):
    """Keeps torch unloaded, so that a trial without it starts in milliseconds."""

    kind = "none"

    @property
    def torch_device(self) -> torch.device:
        raise RuntimeError("this trainer was declared to need no torch, yet it asked for a device")

    def setup(self, threads: int = 0) -> None:
        """There is nothing to set up."""

    def seed(self, seed: int) -> None:
        """There is nothing to seed."""

    def describe(self) -> str:
        return "none"
