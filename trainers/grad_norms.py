"""The norm table of a training: parameters, gradients and updates, cheap enough to leave on.

table.before()                      # after backward, before optimizer.step
optimizer.step()
tensors = table.after()             # still on the device
norms = table.unpack(device.read(tensors))
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from trainers.contract import GroupNorms
from trainers.norm_names import parameter_names, rows_of
from trainers.norm_sample import Sample
from trainers.norm_summary import summary
from trainers.tensor_norms import Measurement


class NormTable:
    """Measures the parameters of one optimizer around one of its steps, row by row.

    Rows are the optimizer's parameter groups, called by `names`, or what `of` makes of the names that the parameters
    have in `model`; see `trainers.norm_names.HELP`. A parameter that no model has is called by its group and its place
    in it. `frozen` are the model's parameters that are not trained, of `parameters` altogether.

    Norms are exact. The update ratio ‖Δp‖ / ‖p‖ is exact for tensors of up to `trainers.norm_sample.SAMPLE` elements
    and an estimate above. The numbers of a step are as many at every step, whether they are read or not. Nothing here
    waits for the device.
    """

    def __init__(
        self, optimizer: torch.optim.Optimizer, names: Sequence[str], model: nn.Module | None = None, of: str = ""
    ) -> None:
        if len(names) != len(optimizer.param_groups):
            raise ValueError(f"{len(names)} names for {len(optimizer.param_groups)} parameter groups")
        known = parameter_names(model)
        tensors: list[Tensor] = []
        called: list[str] = []
        groups: dict[str, list[int]] = {}
        for name, group in zip(names, optimizer.param_groups, strict=True):
            groups[name] = list(range(len(tensors), len(tensors) + len(group["params"])))
            called += [known.get(id(each), f"{name}[{place}]") for place, each in enumerate(group["params"])]
            tensors += group["params"]
        rows = {name: places for name, places in (rows_of(called, of) if of else groups).items() if places}
        self._rows = {name: [called[place] for place in places] for name, places in rows.items()}
        self._tensors = [[tensors[place] for place in places] for places in rows.values()]
        trained = {id(tensor) for tensor in tensors if tensor.requires_grad}
        self.frozen = tuple(name for each, name in known.items() if each not in trained)
        self.parameters = len(known)
        self._sample: Sample | None = None
        self._open: Measurement | None = None
        self._measured: Measurement | None = None

    def before(self) -> None:
        """Measures parameters and gradients. Call it before `optimizer.step`."""
        self._open = Measurement(self._tensors, self._sample, gradients=True)
        self._sample = self._open.sample

    def after(self) -> list[Tensor]:
        """Adds the updates and returns everything as vectors on the device. Call it after `optimizer.step`."""
        if self._open is None:
            raise RuntimeError("`before` comes before the optimizer's step, and `after` once after it")
        self._measured, self._open = self._open, None
        self._measured.updates()
        return self._measured.values()

    def unpack(self, floats: Sequence[float]) -> tuple[GroupNorms, ...]:
        """The values of any `after` so far, read from the device, as one record per row."""
        if self._measured is None:
            raise RuntimeError("nothing was measured yet")
        return tuple(
            summary(row, names, [tensor.requires_grad for tensor in tensors], values)
            for (row, names), tensors, values in zip(
                self._rows.items(), self._tensors, self._measured.read(floats), strict=True
            )
        )
