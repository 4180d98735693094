"""The norm table of a training: parameters, gradients and updates, cheap enough to leave on.

table.before()                      # after backward, before clipping and optimizer.step
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

# Optimizers that write to no gradient, and to weights in a way that torch counts. Subclasses may do as they like.
CAREFUL = (torch.optim.Adam, torch.optim.AdamW)


class NormTable:
    """Measures the parameters of one optimizer around one of its steps, row by row.

    Rows are the optimizer's parameter groups, called by `names`, or what `of` makes of the names that the parameters
    have in `model`; see `trainers.norm_names.HELP`. A parameter that no model has is called by its group and its place
    in it. `frozen` are the model's parameters that are not trained, of `parameters` altogether.

    Norms are exact. The update ratio ‖Δp‖ / ‖p‖ is exact for tensors of up to `trainers.norm_sample.SAMPLE` elements
    and an estimate above. The numbers of a step are as many at every step, whether they are read or not. Nothing here
    waits for the device.

    Where the optimizer allows it, nearly all is measured right after its step, when what it has worked on is still in
    the processor's caches; what the weights were before is known from the step before, if that was measured too. On a
    `lazy` device, which compiles what it is told to do, every step measures in the same way.
    """

    def __init__(
        self,
        optimizer: torch.optim.Optimizer,
        names: Sequence[str],
        model: nn.Module | None = None,
        of: str = "",
        *,
        lazy: bool = False,
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
        self._is_careful = type(optimizer) in CAREFUL
        self._is_lazy = lazy
        self._measurement: Measurement | None = None
        self._is_open = False
        self._left: list[int] = []  # the versions of the weights after the last step that was measured
        self._follows = False

    def before(self, *, gradients_change: bool = False) -> None:
        """Measures what will not be there any more after `optimizer.step`, which comes next.

        `gradients_change` says that something else will write to the gradients in between.
        """
        # Not before the first step: where the weights lie may change until then.
        measurement = self._measurement = self._measurement or Measurement(self._tensors)
        self._is_open = True
        self._follows = bool(self._left) and self._left == measurement.sample.versions()
        if not (self._follows and measurement.has_begun):
            measurement.begin()
        if gradients_change or not self._is_careful:
            measurement.gradients()

    def after(self) -> list[Tensor]:
        """Adds what is left and returns everything, on the device, for `pack`. Call it after `optimizer.step`."""
        if self._measurement is None or not self._is_open:
            raise RuntimeError("`before` comes before the optimizer's step, and `after` once after it")
        self._is_open = False
        # A step that followed one that was measured will be followed by another one.
        values = self._measurement.updates(goes_on=self._follows)
        self._left = self._versions(self._measurement.sample)
        return values

    def unpack(self, floats: Sequence[float]) -> tuple[GroupNorms, ...]:
        """The values of any `after` so far, read from the device, as one record per row."""
        if self._measurement is None:
            raise RuntimeError("nothing was measured yet")
        return tuple(
            summary(row, names, [tensor.requires_grad for tensor in tensors], values)
            for (row, names), tensors, values in zip(
                self._rows.items(), self._tensors, self._measurement.read(floats), strict=True
            )
        )

    def _versions(self, sample: Sample) -> list[int]:
        """Those of the weights; empty where nothing may depend on them, or not all that is written is counted."""
        return sample.versions() if self._is_careful and not self._is_lazy and sample.is_lasting else []
