"""Norms of single tensors around one step of an optimizer, taken together so that they cost a step next to nothing."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from operator import mul

from torch import Tensor

from trainers.norm_sample import Elements, Sample, plain_of

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
    """Norms of the parameters of `rows`, of their gradients, and of the changes that an optimizer's steps make.

    Norms are taken in float32 at least. Of tensors that are sharded over processes, this process's shard is measured.
    Nothing here waits for the device; the numbers of `values` or `updates` become rows in `read`, as late as one likes.
    `sample` may be that of an earlier measurement of the same rows, none of which is empty.
    """

    def __init__(self, rows: Rows, sample: Sample | None = None) -> None:
        self.sample = sample if sample is not None and sample.is_of(rows) else Sample(rows)
        self._parameter_norms: Sequence[Tensor] = ()
        self._gradient_norms: Sequence[Tensor] = ()
        self._elements: Elements | None = None

    @property
    def has_begun(self) -> bool:
        """Whether the parameters were measured for a step whose changes were not."""
        return self._elements is not None

    def begin(self) -> None:
        """Measures the parameters as they are before a step."""
        views = self.sample.views()
        (self._parameter_norms,) = views.norms(views.plain)
        self._gradient_norms, self._elements = (), views.taken()

    def gradients(self) -> None:
        """Call it after `backward` and before `zero_grad`, and before whatever writes to the gradients."""
        (self._gradient_norms,) = self.sample.views().norms(self._gradients())

    def values(self) -> list[Tensor]:
        """What was measured so far, as tensors of one dimension or none on the device of the first parameter."""
        return [*self._parameter_norms, *self._gradient_norms]

    def updates(self, *, goes_on: bool = False) -> list[Tensor]:
        """Call it when the optimizer has taken its step; it measures the gradients, if nobody did before.

        Returns the values and behind them those of the changes. Where it `goes_on`, the next step has begun with this.
        """
        before, self._elements = self._elements, None
        if before is None:
            raise RuntimeError("a step is measured from its beginning, and its changes once")
        views = self.sample.views()
        after = views.taken()
        differences = before.minus(after)
        gradients = () if self._gradient_norms else self._gradients()
        found, changes, now = views.norms(gradients, differences.parts, views.plain if goes_on else ())
        values = [*self.values(), *found, *changes, *differences.norms()]
        before.free()
        if goes_on:
            self._parameter_norms, self._gradient_norms, self._elements = now, (), after
        else:
            after.free()
        return values

    def read(self, floats: Sequence[float]) -> list[RowValues]:
        """The elements of `values` or `updates` in order, brought to the host, as one record for each row."""
        count = len(self.sample.parameters)
        parameters, gradients, *more = (floats[start : start + count] for start in range(0, len(floats), count))
        changes = list(map(mul, more[0], self.sample.scales)) if more else None
        rows, start = [], 0
        for length in self.sample.lengths:
            row = slice(start, start + length)
            change = None if changes is None else changes[row]
            rows.append(RowValues(parameters[row], gradients[row], change, _ratio(change, parameters[row])))
            start += length
        return rows

    def _gradients(self) -> list[Tensor | None]:
        found = [parameter.grad for parameter in self.sample.parameters]
        return [gradient if gradient is None else plain_of(gradient) for gradient in found]


def is_measured(tensor: Tensor) -> bool:
    """Whether it has a norm: whole numbers are not trained."""
    return tensor.is_floating_point() or tensor.is_complex()


def _ratio(changes: Sequence[float] | None, sizes: Sequence[float]) -> float:
    """‖Δp‖ / ‖p‖. What leaves zero has none: any number would be taken for an explosion."""
    if changes is None:
        return math.nan
    change, size = math.hypot(*changes), math.hypot(*sizes)
    return change / size if size > 0 else math.nan if change else 0.0
