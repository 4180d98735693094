"""Parts of a computation in half precision that are to be in full precision all the same."""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext

import torch
from torch import Tensor


def full_precision(tensor: Tensor) -> AbstractContextManager[object]:
    """Within, nothing on this tensor's device is computed with half the bits, whatever is asked for around it.

    Cosines are multiplied by scales of 30 and more before a softmax sees them: of bfloat16's 8 bits little is left.
    """
    kind = tensor.device.type
    # Where torch knows no half precision there is none to leave.
    return torch.autocast(kind, enabled=False) if torch.amp.is_autocast_available(kind) else nullcontext()
