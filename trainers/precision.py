"""Parts of a computation in half precision that are to be in full precision all the same."""

from __future__ import annotations

import torch
from torch import Tensor


def full_precision(tensor: Tensor) -> torch.autocast:
    """Within, nothing on this tensor's device is computed with half the bits, whatever is asked for around it.

    Cosines are multiplied by scales of 30 and more before a softmax sees them: of bfloat16's 8 bits little is left.
    """
    return torch.autocast(tensor.device.type, enabled=False)
