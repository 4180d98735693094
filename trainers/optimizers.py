"""Optimizers in the implementation that fits the device."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any, TypeVar

import torch
from torch import Tensor
from torch.optim import Optimizer

from trainers.configs.torch_config import TorchConfig
from trainers.contract import InputError
from trainers.devices.base import Device

# How an optimizer computes its step and not what: a matter of the device that it runs on.
IMPLEMENTATION = ("foreach", "fused", "capturable")

Kind = TypeVar("Kind", bound=Optimizer)


def build_optimizer(
    kind: Callable[..., Kind], parameters: Iterable[Any], config: TorchConfig, device: Device, **settings: Any
) -> Kind:
    """An optimizer of torch over these parameters or groups of them.

    Losses are scaled in fp16, and only a fused step decides without the host whether it counts. Raises `InputError`
    for an implementation that the device does not have.
    """
    implementation = dict(device.optimizer_implementation)
    fused = True if config.fused is None and config.precision == "fp16" else config.fused
    if fused is not None:
        implementation["fused"] = fused
    try:
        return kind(parameters, **settings, **implementation)
    except RuntimeError as error:
        reason = " ".join(str(error).split())[:200]
        raise InputError(f"fused = {fused} does not work on {device.describe()}: {reason}; leave it at none") from error


def is_fused(optimizer: Optimizer) -> bool:
    """Whether one kernel makes the step of all its parameters."""
    return all(bool(group.get("fused")) for group in optimizer.param_groups)


def set_rate(group: dict[str, Any], rate: float) -> None:
    """Gives a parameter group this learning rate, as a number or, where it has one there, as a tensor on its device."""
    before = group["lr"]
    group["lr"] = _sent(rate, before) if isinstance(before, Tensor) else rate


def _sent(rate: float, like: Tensor) -> Tensor:
    """The rate beside the one before it. On its way it is a vector: a device that compiles would write a number that is
    0 or 1 into its graph, and make one of two that are equal.
    """
    return torch.tensor([rate], dtype=like.dtype).to(like.device).squeeze(0)


def load_state(optimizer: Optimizer, state: Mapping[str, Any]) -> None:
    """Goes on from the state of an optimizer that may have computed on another device, in another way."""
    groups = [
        {**saved, "lr": float(saved["lr"]), **{key: own[key] for key in IMPLEMENTATION if key in own}}
        for saved, own in zip(state["param_groups"], optimizer.param_groups, strict=True)
    ]
    optimizer.load_state_dict({**state, "param_groups": groups})
