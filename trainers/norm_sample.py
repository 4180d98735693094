"""The elements of parameters that updates are measured on, ready to be looked at in every step."""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import chain
from operator import attrgetter, is_

import torch
from torch import Tensor, nn

SAMPLE = 1024  # elements of one tensor, at most
MISSING = -1.0  # in place of the norm of a tensor that is not there, so that there are always as many

_version = attrgetter("_version")


class Elements:
    """A copy of some elements of tensors, one tensor behind the other in `memory`.

    That is a matrix with a row for each tensor, which ends in zeros where it is short. Where tensors cost as little as
    rows of one, it is a vector, and `parts` are its pieces, so that their norms can be taken together with other norms.
    """

    def __init__(self, memory: Tensor, parts: tuple[Tensor, ...] = (), spare: list[Elements] | None = None) -> None:
        self.memory = memory
        self.parts = parts
        self._spare = spare

    def minus(self, later: Elements) -> Elements:
        """The differences to those, in the place of these."""
        self.memory.sub_(later.memory)
        return self

    def norms(self) -> Sequence[Tensor]:
        """One vector with the norm of each row; nothing where there are `parts`."""
        return () if self.parts else (torch.linalg.vector_norm(self.memory, dim=1),)

    def free(self) -> None:
        """Nobody reads this copy any more: the next one may take its place."""
        if self._spare is not None:
            self._spare.append(self)


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
        # The processor puts strided pieces together far more slowly than it copies each; elsewhere that is one kernel.
        self._is_one_kernel = self.is_on_one_device and self.device.type != "cpu"
        self._missing = torch.full((), MISSING, dtype=self.wide, device=self.device)
        self._padded: list[Tensor] = []
        self._spare: list[Elements] = []

    def taken(self) -> Elements:
        """A copy of the elements."""
        return self._in_one() if self._is_one_kernel else self._one_by_one()

    def norms(self, *lists: Sequence[Tensor | None]) -> list[list[Tensor]]:
        """For each list of plain tensors the norm of each, on the device of the first of these views.

        `MISSING` stands for those that are not there. All in one go cost less than one list after the other.
        """
        given = [tensor for tensors in lists for tensor in tensors if tensor is not None]
        found: Sequence[Tensor] = torch._foreach_norm(given, 2, dtype=self.wide) if given else ()
        if not self.is_on_one_device:
            found = [norm.to(self.device) for norm in found]
        norms = iter(found)
        apart = [[self._missing if tensor is None else next(norms) for tensor in tensors] for tensors in lists]
        # The processor reads each of them for less than it would put them together.
        return [_together(each) for each in apart] if self._is_one_kernel else apart

    def _in_one(self) -> Elements:
        # One row for each tensor, so that one operation finds all norms; zeros behind a short one change none.
        longest = max(1, *map(len, self.pieces))
        if not self._padded:
            zeros = self.plain[0].new_zeros(longest)
            self._padded = [part for piece in self.pieces for part in (piece, zeros[len(piece) :]) if len(part)]
        return Elements(torch.cat(self._padded).view(-1, longest).to(self.wide))

    def _one_by_one(self) -> Elements:
        """Into memory that was used for that before: at every step some that is new to the caches costs more."""
        elements = self._spare.pop() if self._spare else self._new()
        torch._foreach_copy_(elements.parts, self.pieces)
        return elements

    def _new(self) -> Elements:
        lengths = list(map(len, self.pieces))
        memory = torch.zeros(sum(lengths), dtype=self.wide, device=self.device)
        return Elements(memory, torch.split(memory, lengths), self._spare)


class Sample:
    """The elements of some parameters, in rows, that their updates are measured on.

    These are all of a tensor of up to `SAMPLE` elements; of a larger one every k-th, which stands for k, with k such
    that at most `SAMPLE` are taken and that all columns of a matrix take part. Norms over them, multiplied by `scales`,
    come out as those of whole tensors.
    """

    def __init__(self, rows: Sequence[Sequence[Tensor]]) -> None:
        self.parameters = list(chain.from_iterable(rows))
        self.lengths = [len(row) for row in rows]
        self._rows = rows
        self._addresses: list[int] = []
        self._views: Views | None = None
        views = self.views()
        self.scales = [
            math.sqrt(len(whole) / max(1, len(piece))) for whole, piece in zip(views.flat, views.pieces, strict=True)
        ]

    def is_of(self, rows: Sequence[Sequence[Tensor]]) -> bool:
        """Whether it was made for these."""
        if rows is self._rows:
            return True
        parameters = list(chain.from_iterable(rows))
        alike = [len(row) for row in rows] == self.lengths
        return alike and all(map(is_, parameters, self.parameters))

    @property
    def is_lasting(self) -> bool:
        """Whether the last views are still those of the parameters, unless somebody moves one."""
        return self._views is not None

    def versions(self) -> list[int]:
        """Where each parameter lies, and how often torch has seen each written to."""
        return [*map(Tensor.data_ptr, self.parameters), *map(_version, self.parameters)]

    def views(self) -> Views:
        """The parameters where they lie now. Made once, as long as nobody moves one of them."""
        addresses = list(map(Tensor.data_ptr, self.parameters))
        if self._views is not None and addresses == self._addresses:
            return self._views
        views = Views(self.parameters)
        self._views, self._addresses = (views if self._sees(views) else None), addresses
        return views

    def _sees(self, views: Views) -> bool:
        """Whether these show whatever becomes of the parameters, as long as those stay where they are."""
        return all(
            # Only a device where tensors lie in one place has an address for them.
            type(parameter) in (Tensor, nn.Parameter) and parameter.data_ptr() == flat.data_ptr() != 0
            for parameter, flat in zip(self.parameters, views.flat, strict=True)
        )


def _together(norms: list[Tensor]) -> list[Tensor]:
    """These as one vector."""
    return [torch.stack(norms)] if norms else norms


def plain_of(tensor: Tensor) -> Tensor:
    """A dense, real tensor of this process with the same norm, which belongs to no graph."""
    is_dense = type(tensor) is Tensor and tensor.layout is torch.strided
    if is_dense and not tensor.requires_grad and not tensor.is_complex():
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
