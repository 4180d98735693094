"""One embedding from the features of several modalities of the same posting."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from trainers.contract import Scalar


class Embedder(nn.Module):
    """A linear layer and batch norm: features (rows, `features`) to embeddings (rows, `embedding`)."""

    def __init__(self, features: int, embedding: int) -> None:
        super().__init__()
        # The batch norm takes away what a bias would add.
        self.linear = nn.Linear(features, embedding, bias=False)
        self.norm = nn.BatchNorm1d(embedding)

    def forward(self, features: Tensor) -> Tensor:
        embeddings: Tensor = self.norm(self.linear(features))
        return embeddings


class ConcatFusion(nn.Module):
    """Features beside each other, dropout, a linear layer and batch norm.

    `forward` takes one tensor (rows, width) for each of the `widths` and returns (rows, `embedding`).
    """

    def __init__(self, widths: Sequence[int], embedding: int, dropout: float = 0.0) -> None:
        super().__init__()
        self.embedding = embedding
        self.dropout = nn.Dropout(dropout)
        self.embedder = Embedder(sum(widths), embedding)

    def settings(self) -> dict[str, Scalar]:
        """As it was built."""
        return {"fusion": "concat", "fusion_dropout": self.dropout.p}

    def forward(self, features: Sequence[Tensor]) -> Tensor:
        embeddings: Tensor = self.embedder(self.dropout(torch.cat(list(features), dim=1)))
        return embeddings


class TransformerFusion(nn.Module):
    """A Transformer encoder (Vaswani et al. 2017) over the modalities of one posting, then as in `ConcatFusion`.

    Each modality is a token: its features, projected to the width of the embedding by a layer of its own, whose bias
    also says which modality it is. Tokens of one row attend to each other and to nothing else: rows are the first
    dimension throughout, and a row's embedding is the same whatever stands beside it. Layers normalise before each part
    and are four times as wide inside, as in the paper.
    """

    def __init__(self, widths: Sequence[int], embedding: int, layers: int, heads: int, dropout: float = 0.0) -> None:
        super().__init__()
        self.embedding = embedding
        self.heads = heads
        self.dropout = dropout
        self.tokens = nn.ModuleList(nn.Linear(width, embedding) for width in widths)
        # Not nn.TransformerEncoder, whose layers all begin with the same weights.
        self.layers = nn.Sequential(*(_layer(embedding, heads, dropout) for _ in range(layers)))
        self.norm = nn.LayerNorm(embedding)
        self.embedder = Embedder(len(widths) * embedding, embedding)

    def settings(self) -> dict[str, Scalar]:
        """As it was built."""
        return {
            "fusion": "transformer",
            "fusion_layers": len(self.layers),
            "fusion_heads": self.heads,
            "fusion_dropout": self.dropout,
        }

    def forward(self, features: Sequence[Tensor]) -> Tensor:
        projected = [project(part) for project, part in zip(self.tokens, features, strict=True)]
        # (rows, modalities, embedding)
        attended: Tensor = self.norm(self.layers(torch.stack(projected, dim=1)))
        embeddings: Tensor = self.embedder(attended.flatten(1))
        return embeddings


class SimilarityFusion(nn.Module):
    """Embeddings of the modalities side by side, such that similarities are a weighted mean of each modality's own.

    With image embeddings i and text embeddings t the fused one is [√w·i/‖i‖, √(1 − w)·t/‖t‖], whose cosine with that of
    another posting is w·cos i + (1 − w)·cos t. Nothing is learnt here, so the weaker modality cannot spoil the other
    one while training; what is trained are the embeddings, each with a loss of its own. `image_share` is w.
    """

    def __init__(self, embedding: int, image_share: float) -> None:
        super().__init__()
        self.embedding = embedding
        self.image_share = image_share

    def settings(self) -> dict[str, Scalar]:
        """As it was built."""
        return {"fusion": "similarity", "image_share": self.image_share}

    def forward(self, embeddings: Mapping[str, Tensor]) -> Tensor:
        """Embeddings (rows, `embedding`) of `image` and `text` to fused ones (rows, 2 × `embedding`)."""
        shares = {"image": self.image_share, "text": 1.0 - self.image_share}
        parts = [math.sqrt(share) * F.normalize(embeddings[name]) for name, share in shares.items()]
        return torch.cat(parts, dim=1)


def _layer(width: int, heads: int, dropout: float) -> nn.TransformerEncoderLayer:
    return nn.TransformerEncoderLayer(
        width, heads, dim_feedforward=4 * width, dropout=dropout, batch_first=True, norm_first=True
    )
