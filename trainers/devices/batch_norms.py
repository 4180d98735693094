"""Batch norms for torch_xla that compute and keep in training what torch's own do.

XLA takes the variance of a batch as the mean of squares less the square of the mean: in single precision that leaves
four digits where the mean is ten deviations away from 0. And torch_xla lets the running variance follow
Σ(x - mean)² / n, where torch has it follow Σ(x - mean)² / (n - 1), with n the values that a channel has in a batch.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.modules.batchnorm import _BatchNorm


class _Centred:
    """In front of a batch norm's own class: training takes the mean away first, and the variance of what is left.

    With `momentum` None, for a mean over all batches, the norm computes as it did.
    """

    def forward(self: Any, inputs: Tensor) -> Tensor:
        values = inputs.numel() // inputs.shape[1]
        if not self.training or self.momentum is None or values < 2:
            kept: Tensor = super().forward(inputs)  # type: ignore[misc]
            return kept
        self._check_input_dim(inputs)
        over = [dim for dim in range(inputs.dim()) if dim != 1]
        wide = inputs.to(torch.promote_types(inputs.dtype, torch.float32))
        mean = wide.mean(over, keepdim=True)
        centred = wide - mean
        variance = centred.square().mean(over, keepdim=True)
        if self.track_running_stats:
            self._follow(mean.flatten(), variance.flatten() * (values / (values - 1)))
        normed = centred * torch.rsqrt(variance + self.eps)
        if self.affine:
            shape = mean.shape
            normed = normed * self.weight.view(shape) + self.bias.view(shape)
        return normed.to(inputs.dtype)

    @torch.no_grad()
    def _follow(self: Any, mean: Tensor, variance: Tensor) -> None:
        self.running_mean.lerp_(mean.to(self.running_mean.dtype), self.momentum)
        self.running_var.lerp_(variance.to(self.running_var.dtype), self.momentum)
        self.num_batches_tracked.add_(1)


class CentredBatchNorm1d(_Centred, nn.BatchNorm1d):
    """Of (rows, channels) or (rows, channels, length)."""


class CentredBatchNorm2d(_Centred, nn.BatchNorm2d):
    """Of (rows, channels, height, width)."""


class CentredBatchNorm3d(_Centred, nn.BatchNorm3d):
    """Of (rows, channels, depth, height, width)."""


_CENTRED: dict[type[nn.Module], type[nn.Module]] = {
    nn.BatchNorm1d: CentredBatchNorm1d,
    nn.BatchNorm2d: CentredBatchNorm2d,
    nn.BatchNorm3d: CentredBatchNorm3d,
}


def centre(model: nn.Module) -> None:
    """Turns torch's batch norms in a model into such ones. Those of classes that others derived from them stay."""
    for norm in _batch_norms(model):
        norm.__class__ = _CENTRED.get(type(norm), type(norm))  # type: ignore[assignment]


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
