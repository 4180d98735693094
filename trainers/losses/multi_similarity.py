"""The pairs worth learning from, by multi-similarity mining (Wang et al. 2019)."""

from __future__ import annotations

from dataclasses import dataclass, replace

import torch

from trainers.contract import Scalar
from trainers.losses.pairs import Pairs


@dataclass(frozen=True)
class MultiSimilarityMiner:
    """Keeps pairs that are not told from the other kind by more than ε yet; the paper has ε 0.1.

    A negative is kept if it is more alike than the least alike positive of its row minus ε, a positive if it is less
    alike than the most alike negative plus ε. Rows without one of the kinds keep nothing.
    """

    epsilon: float = 0.1

    @torch.no_grad()
    def __call__(self, pairs: Pairs) -> Pairs:
        alike = pairs.similarity
        least_positive = alike.masked_fill(~pairs.positive, torch.inf).amin(1, keepdim=True)
        most_negative = alike.masked_fill(~pairs.negative, -torch.inf).amax(1, keepdim=True)
        return replace(
            pairs,
            positive=pairs.positive & (alike < most_negative + self.epsilon),
            negative=pairs.negative & (alike > least_positive - self.epsilon),
        )

    def settings(self) -> dict[str, Scalar]:
        """As this miner is applied."""
        return {"miner": "multi_similarity", "miner_epsilon": self.epsilon}
