"""Losses over labels that do not exclude each other, each a logit of its own."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from trainers.contract import Scalar

KINDS = ("bce", "bce+minmax", "bce+minmax-detached", "focal")
# Of min-max: logarithms of 0 are infinite.
EDGE = 1e-5


class MultiLabelLoss(nn.Module):
    """The mean loss of logits (rows, labels) with targets of the same shape, from 0 to 1 and not only these.

    - `bce`: cross-entropy of each label's sigmoid.
    - `bce+minmax`: that, and the cross-entropy of the logits with the targets after both were stretched over the whole
      batch to [10⁻⁵, 1 − 10⁻⁵]: as logits are compared with each other across rows, so are the targets.
    - `bce+minmax-detached`: the same number without a gradient in the second term, as the first users of it had it.
      It trains exactly as `bce` does; only the curve stands higher.
    - `focal`: cross-entropy of each label times α·(1 − p_t)^γ, p_t being what is given to the truth (Lin et al. 2017),
      here in the form for targets between 0 and 1, |y − p|^γ (Li et al. 2020, Quality Focal Loss).

    Curves of different kinds cannot be compared.
    """

    def __init__(self, kind: str, gamma: float = 2.0, alpha: float = 1.0) -> None:
        super().__init__()
        if kind not in KINDS:
            raise ValueError(f"{kind} is none of {', '.join(KINDS)}")
        self.kind = kind
        self.gamma = gamma
        self.alpha = alpha

    def settings(self) -> dict[str, Scalar]:
        """What is applied; γ and α where they are."""
        is_focal = self.kind == "focal"
        return {
            "loss": self.kind,
            "focal_gamma": self.gamma if is_focal else None,
            "focal_alpha": self.alpha if is_focal else None,
        }

    def forward(self, logits: Tensor, targets: Tensor) -> Tensor:
        if self.kind == "focal":
            return self._focal(logits, targets)
        loss = F.binary_cross_entropy_with_logits(logits, targets)
        if self.kind == "bce":
            return loss
        stretched = logits.detach() if self.kind == "bce+minmax-detached" else logits
        return loss + F.binary_cross_entropy(minmax(stretched), minmax(targets))

    def _focal(self, logits: Tensor, targets: Tensor) -> Tensor:
        losses = F.binary_cross_entropy_with_logits(logits, targets, reduction="none")
        return (self.alpha * (targets - torch.sigmoid(logits)).abs() ** self.gamma * losses).mean()


def minmax(values: Tensor) -> Tensor:
    """Values of any shape stretched so that their smallest is 10⁻⁵ and their largest 1 − 10⁻⁵; equal ones are 10⁻⁵."""
    low, high = values.amin(), values.amax()
    share = (values - low) / (high - low).clamp_min(torch.finfo(values.dtype).tiny)
    return share * (1.0 - 2.0 * EDGE) + EDGE
