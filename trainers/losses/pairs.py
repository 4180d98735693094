"""Pairs of rows of one batch: how alike their embeddings are, and which of them belong together."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import torch
from torch import Tensor
from torch.nn import functional as F

from trainers.contract import Scalar


@dataclass(frozen=True)
class Pairs:
    """Cosines of all pairs, shape (rows, rows), and masks of that shape over those that a loss looks at.

    `positive` are pairs of one group, `negative` those of two; a row with itself is neither. Masks in place of lists
    of indices keep shapes the same from step to step, and nobody has to wait for how many pairs there are.
    """

    similarity: Tensor
    positive: Tensor
    negative: Tensor

    @classmethod
    def of(cls, embeddings: Tensor, labels: Tensor) -> Pairs:
        """All pairs of embeddings (rows, dimensions) with groups (rows,)."""
        units = F.normalize(embeddings)
        same = labels.unsqueeze(0) == labels.unsqueeze(1)
        itself = torch.eye(len(labels), dtype=torch.bool, device=labels.device)
        return cls(units @ units.T, same & ~itself, ~same)


class PairLoss(Protocol):
    """The loss of one batch from its pairs, a 0-d tensor. 0 where there is no pair to learn from."""

    def __call__(self, pairs: Pairs) -> Tensor: ...

    def settings(self) -> dict[str, Scalar]: ...


def mean_where(values: Tensor, counted: Tensor) -> Tensor:
    """The mean of those values that a mask of the same shape counts; 0 if it counts none."""
    weights = counted.to(values.dtype)
    return (values * weights).sum() / weights.sum().clamp_min(1.0)


def log_sum_exp_where(logits: Tensor, counted: Tensor) -> Tensor:
    """log Σ exp over those of a row that the mask counts, shape (rows,); very low, and finite, if it counts none."""
    # Not −inf, whose gradient is NaN where a whole row is masked.
    return logits.masked_fill(~counted, torch.finfo(logits.dtype).min / 4).logsumexp(1)
