"""Weights alone, in a file that any program with torch opens."""

from __future__ import annotations

from pathlib import Path

import torch
from torch import nn

from trainers.checkpoint import unusable
from trainers.contract import InputError
from trainers.files import write_atomically

FILE = "weights.pt"
LABEL = "weights"


def write_weights(path: Path, model: nn.Module) -> Path:
    """Writes the model's plain `state_dict` from the host, reads it again and compares. Raises `InputError`, `OSError`.

    Device sync: all weights are copied to the host. `torch.load(path, weights_only=True)` opens the file, and nothing
    of a training is in it: neither optimizer nor settings.
    """
    state = {name: tensor.detach().cpu() for name, tensor in model.state_dict().items()}
    write_atomically(path, lambda stream: torch.save(state, stream))
    again = torch.load(path, map_location="cpu", weights_only=True)
    if list(again) != list(state) or not all(_same(again[name], tensor) for name, tensor in state.items()):
        raise InputError(f"{path} does not hold the weights that were written; look at the disk it is on")
    return path


def _same(one: torch.Tensor, other: torch.Tensor) -> bool:
    """To the last bit, so that a NaN is the same as itself."""
    return one.dtype == other.dtype and one.shape == other.shape and one.numpy().tobytes() == other.numpy().tobytes()


def extract_weights(checkpoint: Path, path: Path) -> Path:
    """Writes the `state_dict` in a trainer's checkpoint into a file of its own, on the host.

    Nothing in the checkpoint is run. Raises `CheckpointError` for what is none, `OSError`.
    """
    from trainers.devices.cpu import CpuDevice

    state = CpuDevice().load(checkpoint).get("model")
    if not isinstance(state, dict):
        raise unusable(checkpoint, "has no model in it")
    write_atomically(path, lambda stream: torch.save(state, stream))
    return path
