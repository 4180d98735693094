"""A classifier of sentence pairs on top of an encoder."""

from __future__ import annotations

from collections.abc import Mapping

from torch import Tensor, nn

from trainers.models.encoder import Encoder

# BERT's weights start within two of these deviations.
DEVIATION = 0.02


class PairClassifier(nn.Module):
    """The pooled first token, dropout, and one linear layer (Devlin et al. 2019). Returns logits (rows, classes).

    The layer's weights are drawn from N(0, 0.02²) cut off at two deviations, its biases are 0.
    """

    def __init__(self, encoder: Encoder, classes: int, dropout: float) -> None:
        super().__init__()
        self.encoder = encoder
        self.dropout = nn.Dropout(dropout)
        self.head = nn.Linear(encoder.features, classes)
        nn.init.trunc_normal_(self.head.weight, std=DEVIATION, a=-2 * DEVIATION, b=2 * DEVIATION)
        nn.init.zeros_(self.head.bias)

    def forward(self, batch: Mapping[str, Tensor]) -> Tensor:
        logits: Tensor = self.head(self.dropout(self.encoder.pooled(batch)))
        return logits
