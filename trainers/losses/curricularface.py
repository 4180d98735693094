"""CurricularFace: hard wrong classes weigh more as training goes on (Huang et al. 2020)."""

from __future__ import annotations

import torch
from torch import Tensor

from trainers.contract import Scalar
from trainers.losses.arcface import angle_of, with_margin
from trainers.losses.classification import Criterion
from trainers.losses.cosine import CosineHead

# The weight of a batch in the running mean of true cosines.
MOMENTUM = 0.01


class CurricularFace(CosineHead):
    """ArcFace, with the cosine of a hard wrong class j replaced by cosθ_j·(t + cosθ_j).

    Hard is a wrong class with cosθ_j > cos(θ + m), θ being the angle to the true class. `t` is an exponential mean of
    cosθ over the training so far, from 0: hard classes count less at first and more later. The momentum of 0.99 in the
    paper is the weight of the past, as in its authors' code. In evaluation mode `t` stays.
    """

    t: Tensor

    def __init__(self, classes: int, embedding: int, s: float, m: float, criterion: Criterion | None = None) -> None:
        super().__init__(classes, embedding, criterion)
        self.s = s
        self.m = m
        self.register_buffer("t", torch.zeros(()))

    def settings(self) -> dict[str, Scalar]:
        """`s` and `m` as this head applies them."""
        return {"head": "curricularface", "s": self.s, "m": self.m}

    def progress(self) -> dict[str, Tensor]:
        """The running mean as it stands."""
        return {"t": self.t}

    def logits(self, cosines: Tensor, labels: Tensor) -> Tensor:
        index = labels.unsqueeze(1)
        true = cosines.gather(1, index)
        if self.training:
            # A new tensor: the backward pass of another embedding's loss may need the one before.
            self.t = MOMENTUM * true.detach().mean() + (1.0 - MOMENTUM) * self.t
        hard = cosines > torch.cos(angle_of(true) + self.m)
        wrong = torch.where(hard, cosines * (self.t + cosines), cosines)
        return self.s * wrong.scatter(1, index, with_margin(true, self.m))
