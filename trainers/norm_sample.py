"""The elements of parameters that updates are measured on, ready to be looked at in every step."""

from __future__ import annotations

import math
from collections.abc import Sequence
from operator import is_

import torch
from torch import Tensor, nn

SAMPLE = 1024  # elements of one tensor, at most


class Views:
    """Some tensors as they are looked at: dense ones with the same norms, and the elements that `Sample` speaks of."""

    def __init__(self, tensors: Sequence[Tensor]) -> None:
        self.plain = [plain_of(tensor) for tensor in tensors]
        ordered = [_in_order(tensor) for tensor in self.plain]
        self.flat = [tensor.reshape(-1) for tensor in ordered]
        self.pieces = [whole[:: _stride(tensor)] for whole, tensor in zip(self.flat, ordered, strict=True)]
        types, devices = ({getattr(tensor, name) for tensor in self.plain} for name in ("dtype", "device"))
        self.device = self.plain[0].device
        self.is_on_one_device = len(devices) == 1
        # In half precision a norm overflows long before an element.
        self.wide = torch.float64 if torch.float64 in types else torch.float32
        # One row for each tensor, so that one operation finds all norms; zeros behind a short one change none.
        self._shape = len(self.pieces), max(1, *map(len, self.pieces))
        # The processor puts strided pieces together far more slowly than it copies each; elsewhere that is one kernel.
        self._is_one_kernel = self.is_on_one_device and self.device.type != "cpu"
        self._parts: list[Tensor] = []
        self._matrix: Tensor | None = None

    def taken(self) -> Tensor:
        """A copy of the elements, shape (tensors, most elements of one)."""
        return self._in_one() if self._is_one_kernel else self._one_by_one()

    def norms(self, tensors: list[Tensor]) -> Tensor:
        """The norm of each of these, which are the plain ones or lie beside them, on the device of the first."""
        norms = torch._foreach_norm(tensors, 2, dtype=self.wide)
        if not self.is_on_one_device:
            norms = tuple(norm.to(self.device) for norm in norms)
        return torch.stack(norms)

    def _in_one(self) -> Tensor:
        if not self._parts:
            zeros = self.plain[0].new_zeros(self._shape[1])
            self._parts = [part for piece in self.pieces for part in (piece, zeros[len(piece) :]) if len(part)]
        return torch.cat(self._parts).view(self._shape).to(self.wide)

    def _one_by_one(self) -> Tensor:
        if self._matrix is None:
            self._matrix = torch.zeros(self._shape, dtype=self.wide, device=self.device)
            self._parts = [row[: len(piece)] for row, piece in zip(self._matrix, self.pieces, strict=True)]
        torch._foreach_copy_(self._parts, self.pieces)
        return self._matrix.clone()


class Sample:
    """The elements of some parameters that their updates are measured on.

    These are all of a tensor of up to `SAMPLE` elements; of a larger one every k-th, which stands for k, with k such
    that at most `SAMPLE` are taken and that all columns of a matrix take part. Norms over them, multiplied by `scales`,
    come out as those of whole tensors.
    """

    def __init__(self, parameters: Sequence[Tensor]) -> None:
        self._parameters = list(parameters)
        self._addresses: list[int] = []
        self._views: Views | None = None
        views = self.views()
        self.scales = [
            math.sqrt(len(whole) / max(1, len(piece))) for whole, piece in zip(views.flat, views.pieces, strict=True)
        ]

    def is_of(self, parameters: Sequence[Tensor]) -> bool:
        """Whether it was made for these."""
        return len(parameters) == len(self._parameters) and all(map(is_, parameters, self._parameters))

    def views(self) -> Views:
        """The parameters where they lie now. Made once, as long as nobody moves one of them."""
        addresses = [parameter.data_ptr() for parameter in self._parameters]
        if self._views is not None and addresses == self._addresses:
            return self._views
        views = Views(self._parameters)
        self._views, self._addresses = (views if self._sees(views) else None), addresses
        return views

    def _sees(self, views: Views) -> bool:
        """Whether these show whatever becomes of the parameters, as long as those stay where they are."""
        return all(
            # Only a device where tensors lie in one place has an address for them.
            type(parameter) in (Tensor, nn.Parameter) and parameter.data_ptr() == flat.data_ptr() != 0
            for parameter, flat in zip(self._parameters, views.flat, strict=True)
        )


def plain_of(tensor: Tensor) -> Tensor:
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


def _stride(tensor: Tensor) -> int:
    """A step through the flattened tensor that shares no factor with its row length, so that it visits every column."""
    stride = math.ceil(tensor.numel() / SAMPLE)
    row = tensor.shape[-1] if tensor.dim() else 1
    while stride > 1 and math.gcd(stride, row) > 1:
        stride += 1
    return max(1, stride)
