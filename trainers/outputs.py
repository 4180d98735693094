"""What a model says of the batches of an evaluation, on its way to the host.

Whoever evaluates does so under `no_grad`: in inference mode XLA cannot look at a part of a buffer made outside of it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import torch
from torch import Tensor

from trainers.data.batches import Batch, to_device
from trainers.devices.base import Device


def visit(batches: Iterable[Batch], rows: int, device: Device, alone: bool = False) -> Iterator[tuple[Batch, int]]:
    """Each batch on the device, and how many of its rows count. The work for it ends when the next one is asked for.

    A device that compiles for every shape gets batches of `rows` all along, so that data of any size take one graph:
    the last one is filled up with copies of its last row, which count for nothing. With `alone` a single row stays
    single.
    """
    for batch in batches:
        count = len(next(iter(batch.values())))
        fills = device.lazy and not (alone and count == 1)
        yield to_device(filled(batch, rows) if fills else batch, device), count
        device.step_end()


def filled(batch: Batch, rows: int) -> Batch:
    """The batch with copies of its last row behind it, up to so many rows; larger ones are left as they are."""
    return {name: _filled(column, rows - len(column)) for name, column in batch.items()}


def _filled(column: Tensor, missing: int) -> Tensor:
    return torch.cat([column, column[-1:].expand(missing, *column.shape[1:])]) if missing > 0 else column


class Outputs:
    """Collects outputs (rows, …) of batches on the device."""

    def __init__(self, device: Device) -> None:
        self._device = device
        self._pieces: list[Tensor] = []
        self._counts: list[int] = []

    def __len__(self) -> int:
        return len(self._pieces)

    def add(self, outputs: Tensor, count: int) -> None:
        """Those of one batch, of which the first `count` rows count. Call it before the end of the step."""
        self._pieces.append(self._device.whole(outputs.detach().float()))
        self._counts.append(count)

    def on_host(self) -> Tensor:
        """The rows of all batches, one after the other, in float32. Device sync: they are waited for."""
        pieces = self._device.on_host(self._pieces)
        return torch.cat([piece[:count] for piece, count in zip(pieces, self._counts, strict=True)])
