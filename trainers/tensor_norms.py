"""Norms of single tensors around one step of an optimizer, taken together so that they cost a step next to nothing."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from operator import mul
from typing import NamedTuple

import torch
from torch import Tensor

from trainers.norm_sample import Elements, Sample, Views, plain_of

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
        self._change_norms: Tensor | None = None

    @torch.no_grad()
    def gradients(self) -> None:
        """Call it once, after `backward` and before `zero_grad`, and before whatever writes to the gradients."""
        _, self._gradient_norms = self._norms(self.sample.views(), [])

    @torch.no_grad()
    def updates(self, *, then: bool = False) -> Moment | None:
        """Call it once, when the optimizer has taken its step; it measures the gradients, if nobody did before.

        Returns what the next measurement can begin with, where it is asked for what comes `then`.
        """
        # It may be long until these numbers are read, and the sample is the large part of them.
        before, self._before = self._before, None
        if before is None:
            raise RuntimeError("the changes of this step are measured already")
        views = self.sample.views()
        norms: Sequence[Tensor] | None = None
        if self._gradient_norms is None:
            norms, self._gradient_norms = self._norms(views, views.plain if then else [])
        after = views.taken()
        self._change_norms = before.changes(after)
        if not then:
            after.free()
            return None
        return Moment(norms if norms is not None else views.together(views.norms(views.plain)), after)

    def values(self) -> list[Tensor]:
        """What was measured, as tensors of one dimension or none on the device of the first parameter."""
        changes = () if self._change_norms is None else (self._change_norms,)
        return [*self._parameter_norms, *(self._gradient_norms or ()), *changes]

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

    @torch.no_grad()
    def _now(self) -> Moment:
        views = self.sample.views()
        return Moment(views.together(views.norms(views.plain)), views.taken())

    def _norms(self, views: Views, tensors: list[Tensor]) -> tuple[Sequence[Tensor], Sequence[Tensor]]:
        """The norms of these, and those of the gradients, with `MISSING` for those that are not there.

        Those of both in one go cost less than one after the other.
        """
        found = [parameter.grad for parameter in self.sample.parameters]
        given = [plain_of(gradient) for gradient in found if gradient is not None]
        norms = views.norms([*tensors, *given]) if tensors or given else ()
        first, rest = norms[: len(tensors)], norms[len(tensors) :]
        if len(given) < len(found):
            missing, each = self._parameter_norms[0].new_full((), MISSING), iter(rest)
            rest = [missing if gradient is None else next(each) for gradient in found]
        return views.together(first), views.together(rest)


def is_measured(tensor: Tensor) -> bool:
    """Whether it has a norm: whole numbers are not trained."""
    return tensor.is_floating_point() or tensor.is_complex()


def _ratio(changes: Sequence[float] | None, sizes: Sequence[float]) -> float:
    """‖Δp‖ / ‖p‖. What leaves zero has none: any number would be taken for an explosion."""
    if changes is None:
        return math.nan
    change, size = math.hypot(*changes), math.hypot(*sizes)
    return change / size if size > 0 else math.nan if change else 0.0
