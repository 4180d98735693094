"""ArcFace: an additive angular margin on the true class (Deng et al. 2019)."""

from __future__ import annotations

import math

import torch
from torch import Tensor

from trainers.contract import Scalar
from trainers.losses.classification import Criterion
from trainers.losses.cosine import CosineHead

# acos has an infinite slope at ±1; a cosine that rounding brings there would turn the weights into NaN.
_EDGE = 1e-7


def angle_of(cosine: Tensor) -> Tensor:
    """The angle in radians, with a finite slope everywhere."""
    return torch.acos(cosine.clamp(-1.0 + _EDGE, 1.0 - _EDGE))


def with_margin(cosine: Tensor, m: float) -> Tensor:
    """cos(θ + m) while θ ≤ π − m, and cosθ − m·sin m beyond, which keeps it falling."""
    angle = angle_of(cosine)
    return torch.where(angle <= math.pi - m, torch.cos(angle + m), torch.cos(angle) - m * math.sin(m))


class ArcFace(CosineHead):
    """Cross-entropy over s·cosθ, with φ(θ) = cos(θ + m) in place of cosθ for the true class (see `with_margin`).

    `s` is a factor, `m` an angle in radians. The true cosines are gathered by index: a boolean mask would wait for the
    device at every step.
    """

    def __init__(
        self,
        classes: int,
        embedding: int,
        s: float,
        m: float,
        criterion: Criterion | None = None,
        centers: int = 1,
    ) -> None:
        super().__init__(classes, embedding, criterion, centers)
        self.s = s
        self.m = m

    def settings(self) -> dict[str, Scalar]:
        """`s` and `m` as this head applies them."""
        return {"head": "arcface", "s": self.s, "m": self.m}

    def logits(self, cosines: Tensor, labels: Tensor) -> Tensor:
        index = labels.unsqueeze(1)
        return self.s * cosines.scatter(1, index, with_margin(cosines.gather(1, index), self.m))
