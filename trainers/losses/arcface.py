"""ArcFace: an additive angular margin on the true class (Deng et al. 2019)."""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from trainers.contract import Scalar

# acos has an infinite slope at ±1; a cosine that rounding brings there would turn the weights into NaN.
_EDGE = 1e-7


class ArcFace(nn.Module):
    """Cross-entropy over s·cosθ, with φ(θ) in place of cosθ for the true class.

    φ(θ) = cos(θ + m) while θ ≤ π − m, and cosθ − m·sin m beyond, which keeps it falling. `s` is a factor, `m` an angle
    in radians. The true cosines are gathered by index: a boolean mask would wait for the device at every step.
    """

    def __init__(self, classes: int, embedding: int, s: float, m: float) -> None:
        super().__init__()
        self.s = s
        self.m = m
        self.weight = nn.Parameter(torch.empty(classes, embedding))
        nn.init.normal_(self.weight)

    def settings(self) -> dict[str, Scalar]:
        """`s` and `m` as this head applies them."""
        return {"head": "arcface", "s": self.s, "m": self.m}

    def progress(self) -> dict[str, Tensor]:
        """Nothing changes during training besides weights."""
        return {}

    def forward(self, embeddings: Tensor, labels: Tensor) -> Tensor:
        """The mean loss of embeddings (rows, dimensions) with class indices (rows,)."""
        cosine = F.linear(F.normalize(embeddings), F.normalize(self.weight))
        index = labels.unsqueeze(1)
        logits = cosine.scatter(1, index, self._with_margin(cosine.gather(1, index)))
        return F.cross_entropy(self.s * logits, labels)

    def _with_margin(self, cosine: Tensor) -> Tensor:
        angle = torch.acos(cosine.clamp(-1.0 + _EDGE, 1.0 - _EDGE))
        return torch.where(
            angle <= math.pi - self.m, torch.cos(angle + self.m), torch.cos(angle) - self.m * math.sin(self.m)
        )
