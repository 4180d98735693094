"""Losses scaled up before the backward pass, so that gradients of half precision do not become 0.

A step whose scaled gradients are not finite changes nothing and halves the scale (Micikevicius et al. 2018).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor

from trainers.contract import InputError
from trainers.devices.base import Device


class NoScaling:
    """Losses and gradients as they are, which is what float32 and bfloat16 want."""

    def __init__(self, optimizer: torch.optim.Optimizer) -> None:
        self._optimizer = optimizer

    def scaled(self, loss: Tensor) -> Tensor:
        """What the backward pass begins with."""
        return loss

    def unscale(self) -> None:
        """Gradients become those of the loss itself. Once a step, after the backward pass."""

    def step(self) -> None:
        """The optimizer's step."""
        self._optimizer.step()

    def metrics(self) -> dict[str, Tensor]:
        """0-d tensors on the device that stand beside the losses."""
        return {}

    def state_dict(self) -> dict[str, Any]:
        """For a checkpoint. Device sync, where there is a scale."""
        return {}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Goes on from a checkpoint."""


class LossScaling(NoScaling):
    """`torch.amp.GradScaler` around a fused optimizer, which decides on the device whether a step counts.

    With any other optimizer the scaler reads from the device, in every step, whether gradients are finite. Raises
    `InputError` for one.
    """

    def __init__(self, optimizer: torch.optim.Optimizer, device: Device) -> None:
        super().__init__(optimizer)
        if not getattr(optimizer, "_step_supports_amp_scaling", False):
            raise InputError("precision = fp16 needs a fused optimizer; leave fused at none, or use bf16 or fp32")
        self._scaler = torch.amp.GradScaler(device.torch_device.type)
        self._one = torch.ones((), device=device.torch_device)
        self._skipped = torch.zeros((), device=device.torch_device)

    def scaled(self, loss: Tensor) -> Tensor:
        return self._scaler.scale(loss)

    def unscale(self) -> None:
        self._scaler.unscale_(self._optimizer)

    def step(self) -> None:
        before = self._scale()
        self._scaler.step(self._optimizer)
        self._scaler.update()
        # Only a step that was left out lowers the scale.
        self._skipped = self._skipped + (self._scale() < before)

    def metrics(self) -> dict[str, Tensor]:
        """`loss_scale`, that of the next step, and `skipped_steps`, how many were left out so far."""
        return {"loss_scale": self._scale(), "skipped_steps": self._skipped}

    def state_dict(self) -> dict[str, Any]:
        return {"scaler": self._scaler.state_dict(), "skipped": self._skipped}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        self._scaler.load_state_dict(state["scaler"])
        self._skipped = state["skipped"].to(self._one.device)

    def _scale(self) -> Tensor:
        return self._scaler.scale(self._one)


def scaling(precision: str, optimizer: torch.optim.Optimizer, device: Device) -> NoScaling:
    """What this precision needs."""
    return LossScaling(optimizer, device) if precision == "fp16" else NoScaling(optimizer)
