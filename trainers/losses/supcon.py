"""SupCon: supervised contrastive learning (Khosla et al. 2020)."""

from __future__ import annotations

from dataclasses import dataclass

from torch import Tensor

from trainers.contract import Scalar
from trainers.losses.pairs import Pairs, log_sum_exp_where, mean_where


@dataclass(frozen=True)
class SupCon:
    """−log of the share of each positive among all others of its row, averaged over a row's positives, then over rows.

    Equation 2 (L_out) of Khosla et al. 2020, shares being a softmax of cosines over the temperature; theirs is 0.1.
    Rows without a positive do not count.
    """

    temperature: float = 0.1

    def __call__(self, pairs: Pairs) -> Tensor:
        logits = pairs.similarity / self.temperature
        everything = log_sum_exp_where(logits, pairs.positive | pairs.negative)
        positive = pairs.positive.to(logits.dtype)
        count = positive.sum(1)
        losses = ((everything.unsqueeze(1) - logits) * positive).sum(1) / count.clamp_min(1.0)
        return mean_where(losses, count > 0)

    def settings(self) -> dict[str, Scalar]:
        """As this loss is applied."""
        return {"pair_loss": "supcon", "temperature": self.temperature}
