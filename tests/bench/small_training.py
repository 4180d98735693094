"""The training of a small network that is the same in all loops: its network, its optimizer and a step."""

from __future__ import annotations

from contextlib import AbstractContextManager

import torch
from torch import Tensor, nn
from torch.optim import Adam

from trainers.devices.base import Device

from .small_network import SmallNetwork

LEARNING_RATE = 1e-3
DTYPES = {"fp32": None, "bf16": torch.bfloat16}


class SmallTraining:
    """On one device, with the weights in fp32 and `precision`, fp32 or bf16, for the rest."""

    def __init__(self, device: Device, precision: str) -> None:
        self.device = device
        self.precision = precision

    def made(self) -> tuple[SmallNetwork, Adam]:
        """A network and its optimizer, the same ones for every loop."""
        torch.manual_seed(0)
        network = SmallNetwork().to(self.device.torch_device)
        groups = [{"params": parameters} for parameters in network.parameter_groups().values()]
        return network, Adam(groups, lr=LEARNING_RATE)

    def step(self, network: nn.Module, optimizer: Adam, batch: dict[str, Tensor]) -> dict[str, Tensor]:
        """One step of a bare loop, and its loss and two scores."""
        optimizer.zero_grad(set_to_none=True)
        found = self.losses(network, batch)
        found["loss"].backward()
        optimizer.step()
        return found

    def losses(self, network: nn.Module, batch: dict[str, Tensor]) -> dict[str, Tensor]:
        """The loss and two scores of a batch, as 0-d tensors."""
        with self._autocast():
            found: dict[str, Tensor] = network(**batch)
        return found

    def wait(self) -> None:
        """Return when the device has done all that it was given."""
        if self.device.torch_device.type != "cpu":
            torch.accelerator.synchronize(self.device.torch_device)

    def _autocast(self) -> AbstractContextManager[None]:
        dtype = DTYPES[self.precision]
        return torch.autocast(self.device.torch_device.type, dtype=dtype, enabled=dtype is not None)
