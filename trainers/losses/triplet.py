"""Triplets: a posting is to be nearer to one of its group than to one of another, by a margin (Schroff et al. 2015)."""

from __future__ import annotations

from dataclasses import dataclass

from torch import Tensor
from torch.nn import functional as F

from trainers.contract import Scalar
from trainers.losses.pairs import Pairs, mean_where


@dataclass(frozen=True)
class Triplet:
    """max(0, ‖a − p‖² − ‖a − n‖² + margin) of unit vectors, over all triplets of the batch.

    Equation 3 of Schroff et al. 2015, who have a margin of 0.2. Between unit vectors ‖a − b‖² = 2 − 2·cos. The mean is
    over triplets that are not solved yet (Hermans et al. 2017, "batch all" without zeros). Holds rows³ numbers.
    """

    margin: float = 0.2

    def __call__(self, pairs: Pairs) -> Tensor:
        alike = pairs.similarity
        # (anchor, positive, negative)
        losses = F.relu(2.0 * (alike.unsqueeze(1) - alike.unsqueeze(2)) + self.margin)
        chosen = pairs.positive.unsqueeze(2) & pairs.negative.unsqueeze(1)
        return mean_where(losses, chosen & (losses > 0))

    def settings(self) -> dict[str, Scalar]:
        """As this loss is applied."""
        return {"pair_loss": "triplet", "triplet_margin": self.margin}
