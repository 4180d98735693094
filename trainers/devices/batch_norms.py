"""Batch norms of torch_xla, made to keep what torch's own keep.

torch_xla lets the running variance follow Σ(x - mean)² / n, torch Σ(x - mean)² / (n - 1), with n the values that a
channel has in a batch (all chips together). Evaluations then differ, the more the smaller the batch.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.modules.batchnorm import _BatchNorm


class UnbiasedVariance:
    """Corrects the running variance of a batch norm after each of its forward passes in training.

    A norm whose `momentum` is None, a mean over all batches, is left alone.
    """

    def __init__(self, norm: _BatchNorm) -> None:
        self._kept: Tensor | None = None
        norm.register_forward_pre_hook(self._before)
        norm.register_forward_hook(self)

    def _before(self, norm: Any, inputs: Any) -> None:
        follows = norm.training and norm.momentum is not None and norm.running_var is not None
        self._kept = norm.running_var.detach().clone() if follows else None

    @torch.no_grad()
    def __call__(self, norm: Any, inputs: Any, output: Tensor) -> None:
        if self._kept is None:
            return
        values = output.numel() // output.shape[1]
        added = norm.running_var - (1 - norm.momentum) * self._kept
        # The backward pass of training has no use for it, but would refuse to go on if it saw it changed: hence `data`.
        norm.running_var.data += added / (values - 1)
        self._kept = None


def correct_variances(model: nn.Module) -> None:
    """Has all batch norms of a model follow the variance that torch has them follow; a second time changes nothing."""
    for norm in _batch_norms(model):
        if not any(isinstance(hook, UnbiasedVariance) for hook in norm._forward_hooks.values()):
            UnbiasedVariance(norm)


def move(model: nn.Module, device: torch.device) -> None:
    """As `model.to`, but the batches that batch norms count stay on the host.

    There they cost nothing. On a device that compiles, a count of 0 or 1 would be written into the graph of a step.
    """
    counts = {norm: norm.num_batches_tracked for norm in _batch_norms(model) if norm.num_batches_tracked is not None}
    model.to(device)
    for norm, count in counts.items():
        norm.num_batches_tracked = count


def _batch_norms(model: nn.Module) -> Iterator[_BatchNorm]:
    return (module for module in model.modules() if isinstance(module, _BatchNorm))
