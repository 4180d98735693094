"""From vectors at several places, tokens or parts of a picture, to one vector."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn

# GeM's exponent before training, and the least value that it takes (Radenović et al. 2019, and their code).
EXPONENT, LEAST = 3.0, 1e-6


def mean_and_max(hidden: Tensor, mask: Tensor) -> Tensor:
    """The mean of a text's token vectors beside their maximum, over tokens that are not padding.

    `hidden` (rows, tokens, features), `mask` (rows, tokens) with 1 for tokens; returns (rows, 2 · features).
    """
    present = mask.unsqueeze(2).to(hidden.dtype)
    mean = (hidden * present).sum(1) / present.sum(1).clamp_min(1.0)
    highest = hidden.masked_fill(present == 0, torch.finfo(hidden.dtype).min).amax(1)
    return torch.cat([mean, highest], dim=1)


class GeM(nn.Module):
    """Generalised mean (mean xᵖ)^(1/p) over places, with a learnt p (Radenović et al. 2019, equation 3).

    Values below 1e-6 count as that. p = 1 is the mean; the larger p is, the nearer is this to the maximum.
    """

    def __init__(self) -> None:
        super().__init__()
        self.exponent = nn.Parameter(torch.tensor(EXPONENT))

    def forward(self, vectors: Tensor, present: Tensor | None = None) -> Tensor:
        powers = vectors.clamp_min(LEAST) ** self.exponent
        # Above 0, where a root has an infinite slope.
        pooled: Tensor = (_mean(powers, present) + LEAST**EXPONENT) ** (1.0 / self.exponent)
        return pooled


class Pooling(nn.Module):
    """One vector from those at all places, by `mean`, `max`, `mean_max` (one beside the other), `gem` or `cls`.

    `cls` is the vector at the first place, where encoders like BERT have a token for the whole text. Takes vectors
    (rows, places, features) and returns (rows, `widening` · features). `present`, shape (rows, places), is true where
    there is something; a row without anything becomes a vector of zeros, or nearly (`gem`).
    """

    def __init__(self, kind: str) -> None:
        super().__init__()
        self.kind = kind
        self.widening = 2 if kind == "mean_max" else 1
        self.gem = GeM() if kind == "gem" else None

    def forward(self, vectors: Tensor, present: Tensor | None = None) -> Tensor:
        if self.gem is not None:
            pooled: Tensor = self.gem(vectors, present)
            return pooled
        if self.kind == "cls":
            return vectors[:, 0]
        if self.kind == "mean":
            return _mean(vectors, present)
        if self.kind == "max":
            return _highest(vectors, present)
        return torch.cat([_mean(vectors, present), _highest(vectors, present)], dim=1)


class LastLayers(nn.Module):
    """A learnt weighted mean of the last hidden layers of an encoder, at first with equal weights.

    The weights are a softmax. `dropout` takes out single numbers of the layers before they are added.
    """

    def __init__(self, layers: int, dropout: float) -> None:
        super().__init__()
        self.weights = nn.Parameter(torch.zeros(layers))
        self.dropout = nn.Dropout(dropout)

    def forward(self, hidden: Sequence[Tensor]) -> Tensor:
        """Of all hidden states, each (rows, tokens, features), from first to last."""
        last = self.dropout(torch.stack(list(hidden[-len(self.weights) :])))
        return torch.einsum("l,lrtf->rtf", self.weights.softmax(0), last)


def _mean(vectors: Tensor, present: Tensor | None) -> Tensor:
    if present is None:
        return vectors.mean(1)
    weights = present.unsqueeze(2).to(vectors.dtype)
    return (vectors * weights).sum(1) / weights.sum(1).clamp_min(1.0)


def _highest(vectors: Tensor, present: Tensor | None) -> Tensor:
    if present is None:
        return vectors.amax(1)
    absent = present.unsqueeze(2) == 0
    highest = vectors.masked_fill(absent, torch.finfo(vectors.dtype).min).amax(1)
    return highest.masked_fill(absent.all(1), 0.0)
