"""AdaCos: cosine softmax that sets its own scale (Zhang et al. 2019)."""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn

from trainers.contract import Scalar
from trainers.losses.classification import Criterion
from trainers.losses.cosine import CosineHead


class AdaCos(CosineHead):
    """Cross-entropy over s·cosθ without a margin; `s` follows the angles seen in training.

    It starts at √2·ln(C − 1) and becomes ln B / cos(min(π/4, median θ of the true classes)) at every training step,
    where B is the batch mean of Σ exp(s·cosθ) over the wrong classes. In evaluation mode it stays. Needs C ≥ 3: with
    two classes the scale would begin at 0.
    """

    scale: Tensor

    def __init__(self, classes: int, embedding: int, criterion: Criterion | None = None) -> None:
        if classes < 3:
            raise ValueError(f"AdaCos needs at least 3 classes, not {classes}")
        super().__init__(classes, embedding, criterion, initialise=nn.init.xavier_uniform_)
        self.initial = math.sqrt(2.0) * math.log(classes - 1)
        self.register_buffer("scale", torch.tensor(self.initial))

    def settings(self) -> dict[str, Scalar]:
        """The scale that training begins with; there is no margin."""
        return {"head": "adacos", "s": self.initial, "m": None}

    def progress(self) -> dict[str, Tensor]:
        """The scale as it stands, to be logged with the loss."""
        return {"s": self.scale}

    def logits(self, cosines: Tensor, labels: Tensor) -> Tensor:
        if self.training:
            self._follow(cosines.detach(), labels)
        return self.scale * cosines

    @torch.no_grad()
    def _follow(self, cosine: Tensor, labels: Tensor) -> None:
        index = labels.unsqueeze(1)
        wrong = torch.exp(self.scale * cosine).scatter(1, index, 0.0)
        angles = torch.acos(cosine.gather(1, index).clamp(-1.0, 1.0))
        angle = angles.median().clamp(max=math.pi / 4)
        # A new tensor: the loss of this step must not see the buffer change under it.
        self.scale = torch.log(wrong.sum(1).mean()) / torch.cos(angle)
