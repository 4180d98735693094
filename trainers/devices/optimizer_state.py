"""The state that Adam would make in its first step, which so would be another graph than all steps after it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import torch
from torch import Tensor
from torch.optim import Adam


def make_state(
    optimizer: torch.optim.Optimizer, send: Callable[[Tensor], Tensor], numbers: torch.dtype = torch.float32
) -> None:
    """Moments of zero and a step count of 0 for every parameter that has no state yet, as Adam and AdamW begin.

    What is made on the host and copied compiles nothing; `send` copies a count so that it shares nothing with an equal
    one. Of groups whose steps are counted on the device (`capturable`) the learning rate goes there, too: a number
    would be data of the graph that it shares with every equal number, and two that become equal, such as 1 and
    1 - rate · decay at a small rate, make another graph. Both are of the type `numbers` there. Other optimizers are
    left alone: their first step costs one graph more.
    """
    if not isinstance(optimizer, Adam):
        return
    for group in optimizer.param_groups:
        if group["fused"]:
            continue
        for parameter in group["params"]:
            if parameter.requires_grad and parameter not in optimizer.state:
                optimizer.state[parameter] = _fresh(parameter, group["amsgrad"])
        if group["capturable"]:
            _send_numbers(optimizer, group, lambda number: send(number.to("cpu", numbers)))


def tensors_of(optimizer: torch.optim.Optimizer) -> Iterator[Tensor]:
    """All tensors that its steps change or read besides parameters: states, and learning rates that are tensors."""
    for state in optimizer.state.values():
        yield from (value for value in state.values() if isinstance(value, Tensor))
    yield from (group["lr"] for group in optimizer.param_groups if isinstance(group["lr"], Tensor))


def _fresh(parameter: Tensor, amsgrad: bool) -> dict[str, Tensor]:
    names = ["exp_avg", "exp_avg_sq", *(["max_exp_avg_sq"] if amsgrad else [])]
    zeros = {name: torch.zeros(parameter.shape, dtype=parameter.dtype).to(parameter.device) for name in names}
    return {"step": torch.zeros(()), **zeros}


def _send_numbers(optimizer: torch.optim.Optimizer, group: dict[str, Any], send: Callable[[Tensor], Tensor]) -> None:
    rate = group["lr"]
    group["lr"] = send(rate if isinstance(rate, Tensor) else torch.tensor(rate, dtype=torch.float64))
    for state in (optimizer.state[each] for each in group["params"] if each in optimizer.state):
        state["step"] = send(state["step"])
