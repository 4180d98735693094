"""NT-Xent: each positive pair against all negatives (Sohn 2016; the name is of Chen et al. 2020)."""

from __future__ import annotations

from dataclasses import dataclass

from torch import Tensor
from torch.nn import functional as F

from trainers.contract import Scalar
from trainers.losses.pairs import Pairs, log_sum_exp_where, mean_where


@dataclass(frozen=True)
class NTXent:
    """−log(e^(s_p/τ) / (e^(s_p/τ) + Σ e^(s_n/τ))) averaged over positive pairs, n being all negatives of the row.

    Equation 1 of Chen et al. 2020, whose best temperature for unit vectors is 0.1 (their table 5). There a row has one
    positive; further ones are pairs of their own here and do not stand in each other's denominators.
    """

    temperature: float = 0.1

    def __call__(self, pairs: Pairs) -> Tensor:
        logits = pairs.similarity / self.temperature
        negatives = log_sum_exp_where(logits, pairs.negative)
        return mean_where(F.softplus(negatives.unsqueeze(1) - logits), pairs.positive)

    def settings(self) -> dict[str, Scalar]:
        """As this loss is applied."""
        return {"pair_loss": "ntxent", "temperature": self.temperature}
