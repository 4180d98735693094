"""From token vectors to one vector per text."""

from __future__ import annotations

import torch
from torch import Tensor


def mean_and_max(hidden: Tensor, mask: Tensor) -> Tensor:
    """The mean of a text's token vectors beside their maximum, over tokens that are not padding.

    `hidden` (rows, tokens, features), `mask` (rows, tokens) with 1 for tokens; returns (rows, 2 · features).
    """
    present = mask.unsqueeze(2).to(hidden.dtype)
    mean = (hidden * present).sum(1) / present.sum(1).clamp_min(1.0)
    highest = hidden.masked_fill(present == 0, torch.finfo(hidden.dtype).min).amax(1)
    return torch.cat([mean, highest], dim=1)
