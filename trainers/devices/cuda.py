"""NVIDIA cards, and AMD cards through the same interface."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import TYPE_CHECKING

from trainers.devices.base import Device
from trainers.devices.team import place

if TYPE_CHECKING:
    import torch
    from torch import Tensor


class CudaDevice(Device):
    """The first card that `CUDA_VISIBLE_DEVICES` leaves visible: whoever places trials sets that variable.

    Of several processes on one machine each takes the card of its local rank, or the only one that it sees.
    """

    kind = "cuda"
    backend = "cpu:gloo,cuda:nccl"
    pins_memory = True

    @property
    def index(self) -> int:
        import torch

        where = place(os.environ)
        return where.local_rank if where is not None and torch.cuda.device_count() > 1 else 0

    @property
    def torch_device(self) -> torch.device:
        import torch

        return torch.device("cuda", self.index)

    def setup(self, threads: int = 0) -> None:
        import torch

        # The process group takes the card that is current when it starts.
        torch.cuda.set_device(self.index)
        super().setup(threads)

    def rng_state(self) -> dict[str, Tensor]:
        import torch

        return super().rng_state() | {"cuda": torch.cuda.get_rng_state(self.index)}

    def set_rng_state(self, state: Mapping[str, Tensor]) -> None:
        import torch

        super().set_rng_state(state)
        if "cuda" in state:
            torch.cuda.set_rng_state(state["cuda"], self.index)

    def describe(self) -> str:
        import torch

        return f"cuda:{self.index} {torch.cuda.get_device_name(self.index)}"
