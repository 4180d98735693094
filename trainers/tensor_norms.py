"""Norms of single tensors around one step of an optimizer, taken together so that they cost a step next to nothing."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate, chain, islice

import torch
from torch import Tensor

# Elements of one tensor that its update is measured on.
SAMPLE = 1024
MISSING = -1.0  # in place of the norm of a gradient that is not there, so that a step's numbers are always as many
Rows = Sequence[Sequence[Tensor]]


@dataclass(frozen=True)
class RowValues:
    """What was measured of the parameters of one row.

    `parameters`, `gradients` and `changes` have one L2 norm for each parameter; that of a gradient that is not there is
    `MISSING`. `update` is ‖Δp‖ / ‖p‖ of the row. `gradients` and `changes` are None, and `update` is NaN, where they
    were not measured.
    """

    parameters: Sequence[float]
    gradients: Sequence[float] | None
    changes: Sequence[float] | None
    update: float


class Sample:
    """Which elements of the parameters of some rows their updates are measured on.

    All of a tensor of up to `SAMPLE` elements; of a larger one every k-th, which stands for k, with k such that at most
    `SAMPLE` are taken and that all columns of a matrix take part.
    """

    def __init__(self, rows: Rows) -> None:
        tensors = [_plain(tensor) for tensor in chain.from_iterable(rows)]
        self.key = _key(rows)
        self._strides = [_stride(tensor) for tensor in tensors]
        self.counts = [math.ceil(each.numel() / k) for each, k in zip(tensors, self._strides, strict=True)]
        counts = iter(self.counts)
        self.row_counts = [sum(islice(counts, len(row))) for row in rows]
        weights = [math.sqrt(each.numel() / max(1, n)) for each, n in zip(tensors, self.counts, strict=True)]
        repeated = torch.tensor(weights).repeat_interleave(torch.tensor(self.counts), output_size=sum(self.counts))
        self._weights = repeated.to(tensors[0].device)

    def of(self, tensors: Sequence[Tensor]) -> Tensor:
        """A copy of these elements, each scaled so that norms come out as those of whole tensors."""
        device = self._weights.device
        pieces = [
            tensor.reshape(-1)[::stride].to(device, torch.float32)
            for tensor, stride in zip(tensors, self._strides, strict=True)
        ]
        return torch.cat(pieces) * self._weights


class Measurement:
    """Norms of the parameters of `rows` as they are now; then of gradients and of the step's changes, if asked for.

    Norms are taken in float32 at least: in half precision a norm overflows long before an element. Of tensors that are
    sharded over processes, this process's shard is measured. Nothing here waits for the device; the numbers of `values`
    become rows in `read`, which any measurement of the same rows can do. `sample` may be that of an earlier measurement
    of the same rows. No row is empty.
    """

    @torch.no_grad()
    def __init__(self, rows: Rows, sample: Sample | None = None) -> None:
        self._parameters = list(chain.from_iterable(rows))
        self._lengths = [len(row) for row in rows]
        self.sample = sample if sample is not None and sample.key == _key(rows) else Sample(rows)
        plain = [_plain(parameter) for parameter in self._parameters]
        self._norms = _norms(plain)
        self._before = self.sample.of(plain)
        self._gradients: Tensor | None = None
        self._changes: list[Tensor] = []

    @torch.no_grad()
    def gradients(self) -> None:
        """Call it after `backward`, and before the optimizer's step or `zero_grad`."""
        found = [parameter.grad for parameter in self._parameters]
        plain = [_plain(gradient) for gradient in found if gradient is not None]
        norms = _norms(plain).to(self._norms.device) if plain else self._norms
        if len(plain) < len(found):
            missing, given = self._norms.new_full((), MISSING), iter(norms.unbind())
            norms = torch.stack([missing if gradient is None else next(given) for gradient in found])
        self._gradients = norms

    @torch.no_grad()
    def updates(self) -> None:
        """Call it when the optimizer has taken its step."""
        # It may be long until these numbers are read, and the sample is the large part of them.
        before, self._before = self._before, self._norms
        change = self.sample.of([_plain(parameter) for parameter in self._parameters]) - before
        of_rows = (torch.split_with_sizes(each, self.sample.row_counts) for each in (change, before))
        sizes = [torch.stack(list(torch._foreach_norm(list(parts), 2))) for parts in of_rows]
        each = torch.split_with_sizes(change, self.sample.counts)
        self._changes = [*sizes, torch.stack(list(torch._foreach_norm(list(each), 2)))]

    def values(self) -> list[Tensor]:
        """What was measured, as vectors on the device of the first parameter."""
        gradients = [] if self._gradients is None else [self._gradients]
        return [self._norms, *gradients, *self._changes]

    def read(self, floats: Sequence[float]) -> list[RowValues]:
        """The elements of `values`, brought to the host, as one record for each row."""
        rest = iter(floats)
        parts = [list(islice(rest, len(vector))) for vector in self.values()]
        parameters, *parts = parts
        gradients = None if self._gradients is None else parts.pop(0)
        updates, changes = [math.nan] * len(self._lengths), None
        if self._changes:
            change, size, changes = parts
            # In float32, as the values are.
            updates = (torch.tensor(change) / torch.tensor(size).clamp_min(1e-12)).tolist()
        ends = list(accumulate(self._lengths))
        return [
            RowValues(
                parameters=parameters[end - length : end],
                gradients=None if gradients is None else gradients[end - length : end],
                changes=None if changes is None else changes[end - length : end],
                update=update,
            )
            for end, length, update in zip(ends, self._lengths, updates, strict=True)
        ]


def is_measured(tensor: Tensor) -> bool:
    """Whether it has a norm: whole numbers are not trained."""
    return tensor.is_floating_point() or tensor.is_complex()


def _key(rows: Rows) -> tuple[tuple[tuple[int, int], ...], ...]:
    return tuple(tuple((id(tensor), tensor.numel()) for tensor in row) for row in rows)


def _plain(tensor: Tensor) -> Tensor:
    """A dense, real tensor of this process with the same norm."""
    tensor = tensor.detach()
    if hasattr(tensor, "to_local"):
        tensor = tensor.to_local()
    if tensor.is_sparse:
        tensor = tensor.coalesce().values()
    return torch.view_as_real(tensor) if tensor.is_complex() else tensor


def _norms(tensors: Sequence[Tensor]) -> Tensor:
    """The norm of each, on the device of the first."""
    types = {tensor.dtype for tensor in tensors}
    wide = None if types == {torch.float32} else torch.float64 if torch.float64 in types else torch.float32
    norms = torch._foreach_norm(list(tensors), 2, dtype=wide)
    return torch.stack(list(_on_one_device(norms))).float()


def _on_one_device(tensors: Sequence[Tensor]) -> Iterator[Tensor]:
    device = tensors[0].device
    return (tensor.to(device) for tensor in tensors)


def _stride(tensor: Tensor) -> int:
    """A step through the flattened tensor that shares no factor with its row length, so that it visits every column."""
    stride = math.ceil(tensor.numel() / SAMPLE)
    row = tensor.shape[-1] if tensor.dim() else 1
    while stride > 1 and math.gcd(stride, row) > 1:
        stride += 1
    return max(1, stride)
