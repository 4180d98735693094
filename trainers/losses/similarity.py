"""SimilarityBXENT: which sentences stand in the same paragraph, asked of every pair of a batch.

The loss of guillaume-chevalier's SGNN-Transformer sentence model: a binary cross-entropy between the matrix of
similarities and the block-diagonal matrix of paragraphs.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional as F

from trainers.contract import Scalar

SCALE = 128.0
# Probabilities of exactly 0 or 1 have infinite logarithms and slopes.
_EDGE = 1e-6


def unit_vectors(vectors: Tensor) -> Tensor:
    """z / (‖z‖ + 1e-6), row by row. The z = h − mean(h) of the original is `trainers.models.sentence.Centre`."""
    units: Tensor = vectors / (torch.linalg.vector_norm(vectors, dim=1, keepdim=True) + 1e-6)
    return units


def same_group(groups: Tensor) -> Tensor:
    """1.0 where two rows have one group and 0.0 elsewhere, shape (rows, rows)."""
    return (groups.unsqueeze(1) == groups.unsqueeze(0)).float()


@dataclass(frozen=True)
class SimilarityBXENT:
    """128 · mean BCE(P, Y) over all pairs, those of a sentence with itself included.

    P = (cos + 1)/2 without a `temperature` τ, and σ(cos/τ + `bias`) with one. The first loss cannot come near 0:
    cosines across k paragraphs are at least −1/(k−1) on average, so it stalls at `floor`. The second can.
    """

    temperature: float | None = None
    bias: float = 0.0

    def __call__(self, vectors: Tensor, groups: Tensor) -> Tensor:
        units = unit_vectors(vectors)
        return SCALE * self._cross_entropy(units @ units.T, same_group(groups)).mean()

    def floor(self, groups: Tensor) -> Tensor:
        """The least that the loss can be for these groups, whatever the vectors.

        All cosines sum up to ‖Σẑ‖² ≥ 0. With Σn² of N² pairs within a group, each at most 1, those across groups are at
        least −Σn² / (N² − Σn²) on average; the loss is convex in the cosines, so equal ones are the best. For k equal
        groups that is −1/(k−1) and a loss of 128·(1 − 1/k)·(ln 2 − ln(k/(k−1))), nearly 89·(1 − 1/k).
        """
        same = same_group(groups)
        share = same.mean()
        across = -(share / (1.0 - share).clamp_min(_EDGE)).clamp_max(1.0)
        within = self._cross_entropy(torch.ones_like(share), torch.ones_like(share))
        return SCALE * (share * within + (1.0 - share) * self._cross_entropy(across, torch.zeros_like(share)))

    def settings(self) -> dict[str, Scalar]:
        """As this loss applies them."""
        return {"criterion": "similarity", "temperature": self.temperature, "bias": self.bias}

    def _cross_entropy(self, cosines: Tensor, same: Tensor) -> Tensor:
        if self.temperature is None:
            probabilities = ((cosines + 1.0) / 2.0).clamp(_EDGE, 1.0 - _EDGE)
            return F.binary_cross_entropy(probabilities, same, reduction="none")
        logits = cosines / self.temperature + self.bias
        return F.binary_cross_entropy_with_logits(logits, same, reduction="none")
