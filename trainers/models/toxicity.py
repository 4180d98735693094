"""A classifier of comments on top of an encoder."""

from __future__ import annotations

from collections.abc import Mapping

from torch import Tensor, nn

from trainers.models.encoder import Encoder
from trainers.models.pooling import mean_and_max

# Two for toxic or not, five for the auxiliary labels.
LOGITS = 7


class ToxicityNetwork(nn.Module):
    """Mean and maximum of the token vectors, dropout, and one linear layer. Returns logits (rows, 7)."""

    def __init__(self, encoder: Encoder, dropout: float) -> None:
        super().__init__()
        self.encoder = encoder
        self.dropout = nn.Dropout(dropout)
        self.head = nn.Linear(2 * encoder.features, LOGITS)

    def forward(self, batch: Mapping[str, Tensor]) -> Tensor:
        logits: Tensor = self.head(self.dropout(mean_and_max(self.encoder(batch), batch["mask"])))
        return logits
