"""AdaCos: cosine softmax that sets its own scale (Zhang et al. 2019)."""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from trainers.contract import Scalar


class AdaCos(nn.Module):
    """Cross-entropy over s·cosθ without a margin; `s` follows the angles seen in training.

    It starts at √2·ln(C − 1) and becomes ln B / cos(min(π/4, median θ of the true classes)) at every training step,
    where B is the batch mean of Σ exp(s·cosθ) over the wrong classes. In evaluation mode it stays. Needs C ≥ 3: with
    two classes the scale would begin at 0.
    """

    scale: Tensor

    def __init__(self, classes: int, embedding: int) -> None:
        super().__init__()
        if classes < 3:
            raise ValueError(f"AdaCos needs at least 3 classes, not {classes}")
        self.weight = nn.Parameter(torch.empty(classes, embedding))
        nn.init.xavier_uniform_(self.weight)
        self.initial = math.sqrt(2.0) * math.log(classes - 1)
        self.register_buffer("scale", torch.tensor(self.initial))

    def settings(self) -> dict[str, Scalar]:
        """The scale that training begins with; there is no margin."""
        return {"head": "adacos", "s": self.initial, "m": None}

    def progress(self) -> dict[str, Tensor]:
        """The scale as it stands, to be logged with the loss."""
        return {"s": self.scale}

    def forward(self, embeddings: Tensor, labels: Tensor) -> Tensor:
        """The mean loss of embeddings (rows, dimensions) with class indices (rows,)."""
        cosine = F.linear(F.normalize(embeddings), F.normalize(self.weight))
        if self.training:
            self._follow(cosine.detach(), labels)
        return F.cross_entropy(self.scale * cosine, labels)

    @torch.no_grad()
    def _follow(self, cosine: Tensor, labels: Tensor) -> None:
        index = labels.unsqueeze(1)
        wrong = torch.exp(self.scale * cosine).scatter(1, index, 0.0)
        angles = torch.acos(cosine.gather(1, index).clamp(-1.0, 1.0))
        angle = angles.median().clamp(max=math.pi / 4)
        # A new tensor: the loss of this step must not see the buffer change under it.
        self.scale = torch.log(wrong.sum(1).mean()) / torch.cos(angle)
