"""Counts what comes from a device to the host, whatever device it is."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves

_COPIES = (torch.ops.aten._to_copy, torch.ops.aten.copy_, torch.ops.aten._local_scalar_dense)


class Crossings(TorchDispatchMode):
    """`count` copies from a device to the host were made within."""

    def __init__(self) -> None:
        super().__init__()
        self.count = 0

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        made = func(*args, **(kwargs or {}))
        source = args[1] if func.overloadpacket is torch.ops.aten.copy_ else next(iter(args), None)
        if func.overloadpacket in _COPIES and isinstance(source, Tensor) and source.device.type != "cpu":
            self.count += all(not isinstance(leaf, Tensor) or leaf.device.type == "cpu" for leaf in tree_leaves(made))
        return made
