"""Parameters in groups that the optimizer treats differently."""

from __future__ import annotations

from typing import Any

from torch import nn

DECAY, NO_DECAY = "decay", "no_decay"


def decay_groups(model: nn.Module, weight_decay: float) -> tuple[list[dict[str, Any]], tuple[str, ...]]:
    """Groups for an AdamW optimizer, and their names: `decay`, and `no_decay` for biases and the weights of norms.

    Pulling a bias or the scale of a layer norm towards 0 shrinks no function, so BERT leaves them out (Devlin et al.
    2019). What counts is where a parameter sits and not what a model's author called it. Each parameter is in one
    group, once; groups without any are left out.
    """
    sorts: dict[str, list[nn.Parameter]] = {DECAY: [], NO_DECAY: []}
    seen: set[int] = set()
    for module in model.modules():
        for name, parameter in module.named_parameters(recurse=False):
            if id(parameter) not in seen:
                seen.add(id(parameter))
                sorts[NO_DECAY if name == "bias" or _is_norm(module) else DECAY].append(parameter)
    names = tuple(name for name, parameters in sorts.items() if parameters)
    return [
        {
            "params": sorts[name],
            "weight_decay": weight_decay if name == DECAY else 0.0,
            # Steering the weight decay leaves the other group alone.
            "decays": name == DECAY,
        }
        for name in names
    ], names


def _is_norm(module: nn.Module) -> bool:
    return type(module).__name__.lower().endswith(("layernorm", "rmsnorm", "batchnorm1d", "batchnorm2d"))
