"""ArcFace: an additive angular margin on the true class (Deng et al. 2019)."""

from __future__ import annotations

import math
from typing import Any

import torch
from pytorch_metric_learning.losses import ArcFaceLoss
from torch import Tensor

from trainers.contract import Scalar

# acos has an infinite slope at ±1; a cosine that rounding brings there would turn the weights into NaN.
_EDGE = 1e-7


class ArcFace(ArcFaceLoss):  # type: ignore[misc]
    """Logits s·cosθ, with φ(θ) in place of cosθ for the true class; the loss is their cross-entropy.

    φ(θ) = cos(θ + m) while θ ≤ π − m, and cosθ − m·sin m beyond, which keeps it falling. `s` is a factor, `m` an angle
    in radians; the library takes degrees. The library picks the true cosines with a boolean mask, which waits for the
    device at every step; gathering them by index gives the same numbers without waiting.
    """

    def __init__(self, classes: int, embedding: int, s: float, m: float) -> None:
        super().__init__(num_classes=classes, embedding_size=embedding, margin=math.degrees(m), scale=s)

    def settings(self) -> dict[str, Scalar]:
        """`s` and `m` as this head applies them."""
        return {"head": "arcface", "s": float(self.scale), "m": round(float(self.margin), 12)}

    def progress(self) -> dict[str, Tensor]:
        """Nothing changes during training besides weights."""
        return {}

    def get_angles(self, cosine_of_target_classes: Tensor) -> Tensor:
        return torch.acos(cosine_of_target_classes.clamp(-1.0 + _EDGE, 1.0 - _EDGE))

    def compute_loss(self, embeddings: Tensor, labels: Tensor, *_: Any) -> dict[str, Any]:
        cosine = self.get_cosine(embeddings)
        index = labels.unsqueeze(1)
        with_margin = self.modify_cosine_of_target_classes(cosine.gather(1, index))
        logits = self.scale_logits(cosine.scatter(1, index, with_margin), embeddings)
        losses = self.cross_entropy(logits, labels)
        indices = torch.arange(len(labels), device=labels.device)
        return {"loss": {"losses": losses, "indices": indices, "reduction_type": "element"}}
