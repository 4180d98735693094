"""How alike rows are, as blocks of one matrix product, for cosine and for Euclidean distance."""

from __future__ import annotations

import math

import torch
from torch import Tensor
from torch.nn import functional as F

DISTANCES = ("cosine", "euclid")
# What a threshold search tries, from the loosest to the strictest. Cosine: at least so similar. Euclid: at most so far
# apart, in the units of the embeddings.
THRESHOLDS = {
    "cosine": tuple(step / 100 for step in range(100)),
    "euclid": tuple(step / 2 for step in range(100, 0, -1)),
}

Rows = slice | Tensor


class Similarity:
    """The similarity of each two rows of `embeddings` (rows, dimensions): the higher, the more alike.

    It is the cosine or, for `euclid`, −d²/2 = a·b − ‖a‖²/2 − ‖b‖²/2 of embeddings as they are, which falls with the
    distance d and is a matrix product too: of (a, −‖a‖²/2, 1) and (b, 1, −‖b‖²/2). Rows that are not finite are like
    no row at all, −∞. Distances below a thousandth of the embeddings' lengths drown in float32.
    """

    def __init__(self, embeddings: Tensor, distance: str = "cosine") -> None:
        values = embeddings.detach().float()
        lost = ~values.isfinite().all(dim=1)
        self._lost = lost if bool(lost.any()) else None
        if self._lost is not None:
            values = values.masked_fill(lost.unsqueeze(1), 0.0)
        self.distance = distance
        if distance == "cosine":
            self._left = self._right = F.normalize(values)
        else:
            # Distances do not change with the origin, and numbers near it lose less.
            values = values - values.mean(dim=0)
            half = -values.square().sum(dim=1, keepdim=True) / 2
            one = torch.ones_like(half)
            self._left, self._right = torch.cat([values, half, one], 1), torch.cat([values, one, half], 1)

    def __len__(self) -> int:
        return len(self._left)

    def levels(self, thresholds: tuple[float, ...]) -> Tensor:
        """The similarities that thresholds of this distance stand for, float32, ascending if these go from loose on."""
        values = thresholds if self.distance == "cosine" else [-(value**2) / 2 for value in thresholds]
        return torch.tensor(values, dtype=torch.float32, device=self._left.device)

    def block(self, rows: Rows, columns: Rows, out: Tensor | None = None) -> Tensor:
        """Similarities of these rows to those, shape (rows, columns), in the memory of `out` where that is given."""
        left, right = self._left[rows], self._right[columns]
        if out is None:
            found = left @ right.T
        else:
            found = out.flatten()[: len(left) * len(right)].view(len(left), len(right))
            torch.mm(left, right.T, out=found)
        if self._lost is not None:
            found[self._lost[rows]] = -math.inf
            found[:, self._lost[columns]] = -math.inf
        return found
