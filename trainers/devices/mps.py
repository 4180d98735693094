"""The graphics processor of Apple computers, through Metal."""

from __future__ import annotations

import platform
from collections.abc import Mapping
from typing import TYPE_CHECKING

from trainers.devices.base import Device

if TYPE_CHECKING:
    import torch
    from torch import Tensor


class MpsDevice(Device):
    """There is at most one. It computes in float32 and less: float64 does not exist on it."""

    kind = "mps"

    @property
    def torch_device(self) -> torch.device:
        import torch

        return torch.device("mps")

    def free(self) -> None:
        import torch

        torch.mps.empty_cache()

    def rng_state(self) -> dict[str, Tensor]:
        import torch

        return super().rng_state() | {"mps": torch.mps.get_rng_state()}

    def set_rng_state(self, state: Mapping[str, Tensor]) -> None:
        import torch

        super().set_rng_state(state)
        if "mps" in state:
            torch.mps.set_rng_state(state["mps"])

    def describe(self) -> str:
        return f"mps {platform.processor() or platform.machine()}"
