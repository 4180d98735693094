"""Sub-center ArcFace: each class has several directions and is as near as its nearest (Deng et al. 2020)."""

from __future__ import annotations

from torch import Tensor
from torch.nn import functional as F

from trainers.contract import Scalar
from trainers.losses.arcface import ArcFace
from trainers.losses.classification import Criterion


class SubCenterArcFace(ArcFace):
    """ArcFace, with its scale and its margin, over the largest of the cosines to the `k` centers of a class.

    Postings that do not look like most of their group gather at a center of their own and do not pull at the others.
    One center a class is ArcFace.
    """

    def __init__(
        self, classes: int, embedding: int, s: float, m: float, k: int, criterion: Criterion | None = None
    ) -> None:
        super().__init__(classes, embedding, s, m, criterion, centers=k)
        self.k = k

    def settings(self) -> dict[str, Scalar]:
        """`s`, `m` and `k` as this head applies them."""
        return {**super().settings(), "head": "subcenter", "k": self.k}

    def cosines(self, embeddings: Tensor) -> Tensor:
        every = F.linear(F.normalize(embeddings), F.normalize(self.weight))
        return every.view(len(embeddings), -1, self.k).amax(2)
