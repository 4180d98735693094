"""Norms of single tensors around one step of an optimizer, taken together so that they cost a step next to nothing."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import chain, islice
from operator import mul

import torch
from torch import Tensor

from trainers.norm_sample import Sample, Views, plain_of

MISSING = -1.0  # in place of the norm of a gradient that is not there, so that a step's numbers are always as many
Rows = Sequence[Sequence[Tensor]]


@dataclass(frozen=True)
class RowValues:
    """What was measured of the parameters of one row.

    `parameters`, `gradients` and `changes` have one L2 norm for each parameter; that of a gradient that is not there is
    `MISSING`. `update` is ‖Δp‖ / ‖p‖ of the row, NaN where that leaves zero. `changes` is None, and `update` NaN, where
    they were not measured.
    """

    parameters: Sequence[float]
    gradients: Sequence[float]
    changes: Sequence[float] | None
    update: float


class Measurement:
    """Norms of the parameters of `rows`, and of their `gradients`, as they are now; then of a step's changes.

    Norms are taken in float32 at least. Of tensors that are sharded over processes, this process's shard is measured.
    Nothing here waits for the device; the numbers of `values` become rows in `read`, which any measurement of the same
    rows can do. `sample` may be that of an earlier measurement of the same rows. No row is empty.
    """

    @torch.no_grad()
    def __init__(self, rows: Rows, sample: Sample | None = None, *, gradients: bool = False) -> None:
        self._parameters = list(chain.from_iterable(rows))
        self._lengths = [len(row) for row in rows]
        self.sample = sample if sample is not None and sample.is_of(self._parameters) else Sample(self._parameters)
        views = self.sample.views()
        # Those of both in one go cost less than one after the other.
        self._values = [self._norms(views, views.plain) if gradients else views.norms(views.plain)]
        self._before: Tensor | None = views.taken()

    @torch.no_grad()
    def gradients(self) -> None:
        """Call it once, after `backward` and before `zero_grad`, unless they were measured from the first."""
        self._values.append(self._norms(self.sample.views(), []))

    @torch.no_grad()
    def updates(self) -> None:
        """Call it once, when the gradients are measured and the optimizer has taken its step."""
        # It may be long until these numbers are read, and the sample is the large part of them.
        before, self._before = self._before, None
        if before is None:
            raise RuntimeError("the changes of this step are measured already")
        change = self.sample.views().taken() - before
        self._values.append(torch.linalg.vector_norm(change, dim=1))

    def values(self) -> list[Tensor]:
        """What was measured, as vectors on the device of the first parameter."""
        return self._values

    def read(self, floats: Sequence[float]) -> list[RowValues]:
        """The elements of `values`, brought to the host, as one record for each row."""
        count = len(self._parameters)
        parameters, gradients, *more = (floats[start : start + count] for start in range(0, len(floats), count))
        changes = list(map(mul, more[0], self.sample.scales)) if more else None
        rows, start = [], 0
        for length in self._lengths:
            row = slice(start, start + length)
            change = None if changes is None else changes[row]
            rows.append(RowValues(parameters[row], gradients[row], change, _ratio(change, parameters[row])))
            start += length
        return rows

    def _norms(self, views: Views, tensors: list[Tensor]) -> Tensor:
        """The norms of these, then those of the gradients, with `MISSING` for those that are not there."""
        found = [parameter.grad for parameter in self._parameters]
        given = [plain_of(gradient) for gradient in found if gradient is not None]
        if not tensors and not given:
            return self._values[0].new_full((len(found),), MISSING)
        norms = views.norms([*tensors, *given])
        if len(given) == len(found):
            return norms
        missing, each = norms.new_full((), MISSING), iter(norms.unbind())
        first = list(islice(each, len(tensors)))
        return torch.stack([*first, *(missing if gradient is None else next(each) for gradient in found)])


def is_measured(tensor: Tensor) -> bool:
    """Whether it has a norm: whole numbers are not trained."""
    return tensor.is_floating_point() or tensor.is_complex()


def _ratio(changes: Sequence[float] | None, sizes: Sequence[float]) -> float:
    """‖Δp‖ / ‖p‖. What leaves zero has none: any number would be taken for an explosion."""
    if changes is None:
        return math.nan
    change, size = math.hypot(*changes), math.hypot(*sizes)
    return change / size if size > 0 else math.nan if change else 0.0
