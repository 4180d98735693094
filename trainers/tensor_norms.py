"""Norms of single tensors around one step of an optimizer, taken together so that they cost a step next to nothing."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from operator import mul
from typing import NamedTuple

from torch import Tensor

from trainers.norm_sample import MISSING, Elements, Sample, plain_of

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


class Moment(NamedTuple):
    """Parameters at one moment: the norm of each, and the elements of them that their `Sample` speaks of."""

    norms: Sequence[Tensor]
    elements: Elements


class Measurement:
    """Norms of the parameters of `rows` as they are now, of their gradients, and of a step's changes.

    Norms are taken in float32 at least. Of tensors that are sharded over processes, this process's shard is measured.
    Nothing here waits for the device; the numbers of `values` become rows in `read`, which any measurement of the same
    rows can do. `sample` may be that of an earlier measurement of the same rows, and `now` what it found last, where
    the parameters are still as they were then. No row is empty.
    """

    def __init__(self, rows: Rows, sample: Sample | None = None, now: Moment | None = None) -> None:
        self.sample = sample if sample is not None and sample.is_of(rows) else Sample(rows)
        now = now or self._now()
        self._before: Elements | None = now.elements
        self._parameter_norms = now.norms
        self._gradient_norms: Sequence[Tensor] | None = None
        self._change_norms: Sequence[Tensor] = ()

    def gradients(self) -> None:
        """Call it once, after `backward` and before `zero_grad`, and before whatever writes to the gradients."""
        (self._gradient_norms,) = self.sample.views().norms(self._gradients())

    def updates(self, *, then: bool = False) -> Moment | None:
        """Call it once, when the optimizer has taken its step; it measures the gradients, if nobody did before.

        Returns what the next measurement can begin with, where it is asked for what comes `then`.
        """
        # It may be long until these numbers are read, and the sample is the large part of them.
        before, self._before = self._before, None
        if before is None:
            raise RuntimeError("the changes of this step are measured already")
        views = self.sample.views()
        after = views.taken()
        differences = before.minus(after)
        parameters = views.plain if then else []
        gradients = self._gradients() if self._gradient_norms is None else []
        now, found, changes = views.norms(parameters, gradients, differences.parts)
        self._gradient_norms = self._gradient_norms or found
        self._change_norms = [*changes, *differences.norms()]
        before.free()
        if then:
            return Moment(now, after)
        after.free()
        return None

    def values(self) -> list[Tensor]:
        """What was measured, as tensors of one dimension or none on the device of the first parameter."""
        return [*self._parameter_norms, *(self._gradient_norms or ()), *self._change_norms]

    def read(self, floats: Sequence[float]) -> list[RowValues]:
        """The elements of `values` in order, brought to the host, as one record for each row."""
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

    def _now(self) -> Moment:
        views = self.sample.views()
        (norms,) = views.norms(views.plain)
        return Moment(norms, views.taken())

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
