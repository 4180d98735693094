"""Paragraphs as von Mises-Fisher distributions on the sphere (Banerjee et al. 2005)."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional as F

from trainers.contract import Scalar
from trainers.losses.similarity import unit_vectors


@dataclass(frozen=True)
class VonMisesFisher:
    """−log p(own paragraph | sentence) under a mixture of one distribution a paragraph, averaged over sentences.

    With one concentration κ for all, the normalising constants cancel out and p is the softmax of κ·μ·x. A paragraph's
    mean direction μ is that of its sentences; for one of them it is that of the others, which it must be told by.
    Sentences alone in their paragraph have no others and do not count.
    """

    concentration: float = 10.0

    def __call__(self, vectors: Tensor, groups: Tensor) -> Tensor:
        units = unit_vectors(vectors)
        rows = len(units)
        # (groups, rows): there are as many groups as rows at most, and those without rows stay zeros.
        members = F.one_hot(groups, rows).T.to(units.dtype)
        sums, counts = members @ units, members.sum(1)
        logits = self.concentration * units @ F.normalize(sums, dim=1).T
        others = F.normalize(sums[groups] - units, dim=1)
        own = self.concentration * (units * others).sum(1, keepdim=True)
        logits = logits.masked_fill(counts == 0, -torch.inf).scatter(1, groups.unsqueeze(1), own)
        losses = F.cross_entropy(logits, groups, reduction="none")
        counted = (counts[groups] > 1).to(units.dtype)
        return (losses * counted).sum() / counted.sum().clamp_min(1.0)

    def floor(self, groups: Tensor) -> Tensor:
        """The least that the loss can be: 0 is a bound, if never reached."""
        return torch.zeros((), device=groups.device)

    def settings(self) -> dict[str, Scalar]:
        """As this loss applies them."""
        return {"criterion": "vmf", "concentration": self.concentration}
