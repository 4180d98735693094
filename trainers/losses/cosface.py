"""CosFace: an additive margin on the cosine of the true class (Wang et al. 2018)."""

from __future__ import annotations

from torch import Tensor

from trainers.contract import Scalar
from trainers.losses.classification import Criterion
from trainers.losses.cosine import CosineHead


class CosFace(CosineHead):
    """Cross-entropy over s·cosθ, with s·(cosθ − m) for the true class (equation 4 of the paper).

    `m` is no angle; the paper has s 64 and m 0.35.
    """

    def __init__(self, classes: int, embedding: int, s: float, m: float, criterion: Criterion | None = None) -> None:
        super().__init__(classes, embedding, criterion)
        self.s = s
        self.m = m

    def settings(self) -> dict[str, Scalar]:
        """`s` and `m` as this head applies them."""
        return {"head": "cosface", "s": self.s, "m": self.m}

    def logits(self, cosines: Tensor, labels: Tensor) -> Tensor:
        index = labels.unsqueeze(1)
        return self.s * cosines.scatter(1, index, cosines.gather(1, index) - self.m)
