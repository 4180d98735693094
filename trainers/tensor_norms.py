"""Norms of single tensors around one step of an optimizer, taken together so that they cost a step next to nothing."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import chain
from operator import is_, mul

import torch
from torch import Tensor, nn

# Elements of one tensor that its update is measured on.
SAMPLE = 1024
MISSING = -1.0  # in place of the norm of a gradient that is not there, so that a step's numbers are always as many
Rows = Sequence[Sequence[Tensor]]

_LEAST = 1e-12  # in place of a norm of 0 that is divided by


@dataclass(frozen=True)
class RowValues:
    """What was measured of the parameters of one row.

    `parameters`, `gradients` and `changes` have one L2 norm for each parameter; that of a gradient that is not there is
    `MISSING`. `update` is ‖Δp‖ / ‖p‖ of the row. `changes` is None, and `update` NaN, where they were not measured.
    """

    parameters: Sequence[float]
    gradients: Sequence[float]
    changes: Sequence[float] | None
    update: float


class Sample:
    """Parameters that are ready to be measured again and again, and the elements that their updates are measured on.

    These are all of a tensor of up to `SAMPLE` elements; of a larger one every k-th, which stands for k, with k such
    that at most `SAMPLE` are taken and that all columns of a matrix take part. Norms over them, multiplied by `scales`,
    come out as those of whole tensors. `wide` is the type that these are computed in.
    """

    def __init__(self, parameters: Sequence[Tensor]) -> None:
        self.plain = [_plain(parameter) for parameter in parameters]
        ordered = [_in_order(tensor) for tensor in self.plain]
        flat = [tensor.reshape(-1) for tensor in ordered]
        pieces = [whole[:: _stride(tensor)] for whole, tensor in zip(flat, ordered, strict=True)]
        self.scales = [math.sqrt(len(whole) / max(1, len(some))) for whole, some in zip(flat, pieces, strict=True)]
        types, devices = ({getattr(tensor, name) for tensor in self.plain} for name in ("dtype", "device"))
        # In half precision a norm overflows long before an element.
        self.wide = torch.float64 if torch.float64 in types else torch.float32
        self._device = self.plain[0].device
        self._is_on_one_device = len(devices) == 1
        self._pieces = pieces
        # The elements of one parameter are one row, so that one operation finds the norms of all; zeros change none.
        width = max(1, *map(len, pieces))
        self._matrix = torch.zeros(len(pieces), width, dtype=self.wide, device=self._device)
        self._rows = [row[: len(piece)] for row, piece in zip(self._matrix, pieces, strict=True)]
        zeros = self.plain[0].new_zeros(width)
        self._padded = [part for piece in pieces for part in (piece, zeros[len(piece) :]) if len(part)]
        self._is_one_kernel = self._is_on_one_device and len(types) == 1 and self._device.type != "cpu"
        self._parameters = list(parameters)
        self._addresses = [tensor.data_ptr() for tensor in parameters] if self._sees(flat) else None

    def again(self, parameters: Sequence[Tensor]) -> Sample:
        """This one, if it is of these parameters and would see what they are now; otherwise a new one."""
        if self._addresses is None or len(parameters) != len(self._parameters):
            return Sample(parameters)
        same = all(map(is_, parameters, self._parameters))
        return self if same and [tensor.data_ptr() for tensor in parameters] == self._addresses else Sample(parameters)

    def taken(self) -> Tensor:
        """A copy of the elements, shape (parameters, most elements of one)."""
        if self._is_one_kernel:
            return torch.cat(self._padded).view_as(self._matrix).to(self.wide)
        # The processor puts strided pieces together far more slowly than it copies each.
        torch._foreach_copy_(self._rows, self._pieces)
        return self._matrix.clone()

    def norms(self, tensors: list[Tensor]) -> Tensor:
        """The norm of each of these, which are the parameters or lie where they lie, on the device of the first."""
        norms = torch._foreach_norm(tensors, 2, dtype=self.wide)
        if not self._is_on_one_device:
            norms = tuple(norm.to(self._device) for norm in norms)
        return torch.stack(norms)

    def _sees(self, flat: Sequence[Tensor]) -> bool:
        """Whether these are views of the parameters, as long as those stay where they are."""
        return all(
            # Only a device where tensors lie in one place has an address for them.
            type(parameter) in (Tensor, nn.Parameter) and parameter.data_ptr() == view.data_ptr() != 0
            for parameter, view in zip(self._parameters, flat, strict=True)
        )


class Measurement:
    """Norms of the parameters of `rows` as they are now; then of gradients, and of a step's changes, if asked for.

    Norms are taken in float32 at least. Of tensors that are sharded over processes, this process's shard is measured.
    Nothing here waits for the device; the numbers of `values` become rows in `read`, which any measurement of the same
    rows can do. `sample` may be that of an earlier measurement of the same rows. No row is empty.
    """

    @torch.no_grad()
    def __init__(self, rows: Rows, sample: Sample | None = None) -> None:
        self._parameters = list(chain.from_iterable(rows))
        self._lengths = [len(row) for row in rows]
        self.sample = Sample(self._parameters) if sample is None else sample.again(self._parameters)
        self._values = [self.sample.norms(self.sample.plain)]
        self._before: Tensor | None = self.sample.taken()

    @torch.no_grad()
    def gradients(self) -> None:
        """Call it once, after `backward` and before `zero_grad`. `read` wants them."""
        found = [parameter.grad for parameter in self._parameters]
        given = [_plain(gradient) for gradient in found if gradient is not None]
        norms = self.sample.norms(given) if given else self._values[0]
        if len(given) < len(found):
            missing, each = norms.new_full((), MISSING), iter(norms.unbind())
            norms = torch.stack([missing if gradient is None else next(each) for gradient in found])
        self._values.append(norms)

    @torch.no_grad()
    def updates(self) -> None:
        """Call it once, after `gradients`, when the optimizer has taken its step."""
        # It may be long until these numbers are read, and the sample is the large part of them.
        before, self._before = self._before, None
        if before is None:
            raise RuntimeError("the changes of this step are measured already")
        self.sample = self.sample.again(self._parameters)
        change = self.sample.taken() - before
        self._values += [torch.linalg.vector_norm(each, dim=1) for each in (change, before)]

    def values(self) -> list[Tensor]:
        """What was measured, as vectors on the device of the first parameter."""
        return self._values

    def read(self, floats: Sequence[float]) -> list[RowValues]:
        """The elements of `values`, brought to the host, as one record for each row."""
        count = len(self._parameters)
        parameters, gradients, *more = (floats[start : start + count] for start in range(0, len(floats), count))
        changed = [list(map(mul, part, self.sample.scales)) for part in more]
        rows, start = [], 0
        for length in self._lengths:
            row = slice(start, start + length)
            change, size = (part[row] for part in changed) if changed else (None, None)
            rows.append(RowValues(parameters[row], gradients[row], change, _ratio(change, size)))
            start += length
        return rows


def is_measured(tensor: Tensor) -> bool:
    """Whether it has a norm: whole numbers are not trained."""
    return tensor.is_floating_point() or tensor.is_complex()


def _plain(tensor: Tensor) -> Tensor:
    """A dense, real tensor of this process with the same norm, which no graph is built for without gradients."""
    if type(tensor) is Tensor and tensor.layout is torch.strided and not tensor.is_complex():
        return tensor
    tensor = tensor.detach()
    if hasattr(tensor, "to_local"):
        tensor = tensor.to_local()
    if tensor.is_sparse:
        tensor = tensor.coalesce().values()
    return torch.view_as_real(tensor) if tensor.is_complex() else tensor


def _in_order(tensor: Tensor) -> Tensor:
    """The tensor with its dimensions in the order in which it lies in memory: contiguous, if it lies densely."""
    if tensor.is_contiguous():
        return tensor
    return tensor.permute(sorted(range(tensor.dim()), key=tensor.stride, reverse=True))


def _ratio(changes: Sequence[float] | None, sizes: Sequence[float] | None) -> float:
    if changes is None or sizes is None:
        return math.nan
    return math.hypot(*changes) / max(math.hypot(*sizes), _LEAST)


def _stride(tensor: Tensor) -> int:
    """A step through the flattened tensor that shares no factor with its row length, so that it visits every column."""
    stride = math.ceil(tensor.numel() / SAMPLE)
    row = tensor.shape[-1] if tensor.dim() else 1
    while stride > 1 and math.gcd(stride, row) > 1:
        stride += 1
    return max(1, stride)
