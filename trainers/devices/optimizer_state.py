"""The state that Adam would make in its first step, which so would be another graph than all steps after it."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor
from torch.optim import Adam


def make_state(optimizer: torch.optim.Optimizer) -> None:
    """Moments of zero and a step count of 0 for every parameter that has no state yet, as Adam and AdamW begin.

    They are made on the host and copied, which compiles nothing. Other optimizers, and groups whose step count lives on
    the device, are left alone: their first step costs one graph more.
    """
    if not isinstance(optimizer, Adam):
        return
    for group in optimizer.param_groups:
        if group["capturable"] or group["fused"]:
            continue
        for parameter in group["params"]:
            if parameter.requires_grad and parameter not in optimizer.state:
                optimizer.state[parameter] = _fresh(parameter, group["amsgrad"])


def _fresh(parameter: Tensor, amsgrad: bool) -> dict[str, Any]:
    names = ["exp_avg", "exp_avg_sq", *(["max_exp_avg_sq"] if amsgrad else [])]
    zeros = {name: torch.zeros(parameter.shape, dtype=parameter.dtype).to(parameter.device) for name in names}
    return {"step": torch.zeros(()), **zeros}
