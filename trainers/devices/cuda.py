"""NVIDIA cards, and AMD cards through the same interface."""

from __future__ import annotations

from typing import TYPE_CHECKING

from trainers.devices.base import Device

if TYPE_CHECKING:
    import torch
    from torch import Tensor


class CudaDevice(Device):
    """The first card that `CUDA_VISIBLE_DEVICES` leaves visible: whoever places trials sets that variable."""

    kind = "cuda"

    @property
    def torch_device(self) -> torch.device:
        import torch

        return torch.device("cuda", 0)

    def setup(self, threads: int = 0) -> None:
        import torch

        super().setup(threads)
        torch.cuda.set_device(0)

    def rng_state(self) -> dict[str, Tensor]:
        import torch

        return super().rng_state() | {"cuda": torch.cuda.get_rng_state(0)}

    def describe(self) -> str:
        import torch

        return f"cuda:0 {torch.cuda.get_device_name(0)}"
