"""What classification makes of logits: cross-entropy, or the focal loss, which turns to what is not known yet."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import torch
from torch import Tensor
from torch.nn import functional as F

from trainers.contract import Scalar


class Criterion(Protocol):
    """The mean loss of logits (rows, classes) with class indices (rows,)."""

    def __call__(self, logits: Tensor, labels: Tensor) -> Tensor: ...

    def settings(self) -> dict[str, Scalar]: ...


@dataclass(frozen=True)
class CrossEntropy:
    """−log p of the true class."""

    def __call__(self, logits: Tensor, labels: Tensor) -> Tensor:
        return F.cross_entropy(logits, labels)

    def settings(self) -> dict[str, Scalar]:
        """As this loss is applied."""
        return {"criterion": "cross_entropy"}


@dataclass(frozen=True)
class Focal:
    """−α·(1 − p)^γ·log p of the true class (Lin et al. 2017, equation 5), whose best are γ = 2 and α = 0.25."""

    gamma: float = 2.0
    alpha: float = 0.25

    def __call__(self, logits: Tensor, labels: Tensor) -> Tensor:
        log_true = F.log_softmax(logits, dim=1).gather(1, labels.unsqueeze(1))
        # Above 0: a power below 1 has an infinite slope there.
        wrong = -torch.expm1(log_true).clamp(max=-torch.finfo(logits.dtype).eps)
        return -(self.alpha * wrong**self.gamma * log_true).mean()

    def settings(self) -> dict[str, Scalar]:
        """As this loss is applied."""
        return {"criterion": "focal", "focal_gamma": self.gamma, "focal_alpha": self.alpha}
