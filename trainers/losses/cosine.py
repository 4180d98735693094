"""What heads that tell classes apart by angle have in common."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from trainers.contract import Scalar
from trainers.losses.classification import Criterion, CrossEntropy


class CosineHead(nn.Module):
    """Classes as directions: logits are made of the cosines between embeddings and the columns of a weight.

    A head of a kind says what it makes of the cosines (`logits`), and what of it changes in training (`progress`).
    """

    def __init__(
        self,
        classes: int,
        embedding: int,
        criterion: Criterion | None = None,
        centers: int = 1,
        initialise: Callable[[Tensor], Tensor] = nn.init.normal_,
    ) -> None:
        super().__init__()
        self.criterion = criterion or CrossEntropy()
        self.weight = nn.Parameter(torch.empty(classes * centers, embedding))
        initialise(self.weight)

    def settings(self) -> dict[str, Scalar]:
        """As this head applies them: `head`, and what it has besides."""
        raise NotImplementedError

    def progress(self) -> dict[str, Tensor]:
        """What changes during training besides weights, to be logged with the loss."""
        return {}

    def cosines(self, embeddings: Tensor) -> Tensor:
        """Of the angles between embeddings (rows, dimensions) and classes, shape (rows, classes)."""
        return F.linear(F.normalize(embeddings), F.normalize(self.weight))

    def logits(self, cosines: Tensor, labels: Tensor) -> Tensor:
        """Logits (rows, classes) of cosines of that shape, by which the true class is made hard to reach."""
        raise NotImplementedError

    def forward(self, embeddings: Tensor, labels: Tensor) -> Tensor:
        """The mean loss of embeddings (rows, dimensions) with class indices (rows,)."""
        return self.criterion(self.logits(self.cosines(embeddings), labels), labels)
