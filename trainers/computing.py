"""How a network computes: on which device, in which precision and memory format, compiled or not."""

from __future__ import annotations

from typing import TypeVar

import torch
from torch import nn
from torch.optim import Optimizer

from trainers import compiling
from trainers.configs.torch_config import PRECISIONS, TorchConfig
from trainers.contract import InputError, Scalar
from trainers.devices.base import Device
from trainers.optimizers import is_fused
from trainers.task import Batches

Network = TypeVar("Network", bound=nn.Module)


def on_device(network: Network, config: TorchConfig, device: Device) -> Network:
    """The network itself, ready to be trained there. Raises `InputError` for what the device cannot do."""
    if not device.supports(config.precision):
        others = " or ".join(name for name in PRECISIONS if device.supports(name))
        raise InputError(f"precision = {config.precision} does not work on {device.describe()}; use {others}")
    device.adopt(network)
    if config.compile:
        compiling.compile_in_place(network, device)
    return network


def in_channels_last(network: Network) -> Network:
    """The network itself, with the weights of its 2d convolutions in that format: what they compute is in it, too."""
    network.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    return network


def is_channels_last(network: nn.Module) -> bool:
    """Whether its 2d convolutions have weights in that format. One of 1 × 1, or with one channel, is in both."""
    weights = [module.weight for module in network.modules() if isinstance(module, nn.Conv2d)]
    return any(not weight.is_contiguous() for weight in weights)


def computing_settings(
    network: nn.Module, optimizer: Optimizer, batches: Batches, config: TorchConfig
) -> dict[str, Scalar]:
    """What training computes with, read back from what was built where that can be told."""
    return {
        "precision": config.precision,
        "accumulate": getattr(batches, "accumulate", 1),
        "steps_per_epoch": len(batches),
        "clip_norm": config.clip_norm,
        "compile": compiling.is_compiled(network),
        "fused": is_fused(optimizer),
    }
