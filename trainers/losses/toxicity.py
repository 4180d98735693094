"""The losses of the toxicity trainer: two logits for toxic or not, and five for auxiliary labels."""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn
from torch.nn import functional as F

CLASSES = 2


def smoothed(labels: Tensor, smoothing: float) -> Tensor:
    """y′ = ε + (1 − 2ε)·y: labels of 0 and 1 drawn towards each other (Szegedy et al. 2016, for two classes)."""
    return smoothing + (1.0 - 2.0 * smoothing) * labels


def floor(smoothing: float, aux_weight: float) -> float:
    """H(ε)·(1 + w), below which the training loss cannot fall.

    A smoothed label's loss is least where the prediction is that label, and is its entropy
    H(ε) = −ε ln ε − (1 − ε) ln (1 − ε) there, for both parts of the loss.
    """
    parts = [part * math.log(part) for part in (smoothing, 1.0 - smoothing) if part > 0]
    return -sum(parts) * (1.0 + aux_weight)


class ToxicityLoss(nn.Module):
    """The loss that is trained on, and how far it is above its floor.

    L = mean of Σ_{c<2} −y′_c · log softmax(x_{:2})_c + w · mean BCE(x_{2:}, a′), with labels and auxiliary labels
    smoothed by ε. Rows without auxiliary labels take no part in the second mean: nobody has said that theirs are 0.
    Losses of different ε and w have different floors and can be compared only above them.
    """

    def __init__(self, smoothing: float, aux_weight: float) -> None:
        super().__init__()
        self.smoothing = smoothing
        self.aux_weight = aux_weight

    def forward(self, logits: Tensor, toxic: Tensor, auxiliary: Tensor, known: Tensor) -> dict[str, Tensor]:
        """`logits` (rows, 7), `toxic` (rows,) in whole numbers, `auxiliary` (rows, 5), `known` (rows,) 1 or 0.

        Returns `loss` and `loss_above_floor`.
        """
        target = smoothed(F.one_hot(toxic, CLASSES).to(logits.dtype), self.smoothing)
        main = -(target * F.log_softmax(logits[:, :CLASSES], dim=1)).sum(1).mean()
        each = F.binary_cross_entropy_with_logits(
            logits[:, CLASSES:], smoothed(auxiliary, self.smoothing), reduction="none"
        ).mean(1)
        beside = (each * known).sum() / known.sum().clamp_min(1.0)
        loss = main + self.aux_weight * beside
        with_auxiliary = (known.sum() > 0).to(logits.dtype)
        lowest = floor(self.smoothing, 0.0) * (1.0 + self.aux_weight * with_auxiliary)
        return {"loss": loss, "loss_above_floor": loss.detach() - lowest}


def evaluation_loss(logits: Tensor, toxic: Tensor) -> Tensor:
    """The mean BCE of the two logits with the one-hot label, without smoothing and auxiliary labels.

    So it means the same whatever ε and w a model was trained with.
    """
    target = F.one_hot(toxic, CLASSES).to(logits.dtype)
    return F.binary_cross_entropy_with_logits(logits[:, :CLASSES], target)


def toxic_probability(logits: Tensor) -> Tensor:
    """softmax(x_{:2})_1, shape (rows,)."""
    return torch.softmax(logits[:, :CLASSES], dim=1)[:, 1]
