"""Mixup: rows with a part of other rows, and their targets with the same part (Zhang et al. 2018)."""

from __future__ import annotations

import torch
from torch import Tensor


def draw_mixture(rows: int, alpha: float) -> tuple[Tensor, Tensor]:
    """λ ~ Beta(α, α) as a tensor of no dimensions, and an order of the rows π, shape (rows,).

    Drawn on the host from torch's own generator, whose state checkpoints keep. `alpha` is above 0: the smaller, the
    nearer λ is to 0 or 1, and at 1 all values are as probable.
    """
    share = torch.distributions.Beta(alpha, alpha).sample()
    return share, torch.randperm(rows)


def mixup(inputs: Tensor, targets: Tensor, share: Tensor, order: Tensor) -> tuple[Tensor, Tensor]:
    """λx + (1 − λ)x[π] of inputs and of targets; both have a row each on their first axis."""
    return _mixed(inputs, share, order), _mixed(targets, share, order)


def _mixed(values: Tensor, share: Tensor, order: Tensor) -> Tensor:
    return share * values + (1.0 - share) * values[order]
