"""What a model says of the batches of an evaluation, on its way to the host.

Whoever evaluates does so under `no_grad`: in inference mode XLA cannot look at a part of a buffer made outside of it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import zip_longest

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
    """Collects outputs (rows, …) of batches, by name, on the device.

    Of several processes each adds those of its share of the batches, see `Team.share`.
    """

    def __init__(self, device: Device) -> None:
        self._device = device
        self._pieces: dict[str, list[Tensor]] = {}
        self._counts: list[int] = []

    def add(self, outputs: Mapping[str, Tensor], count: int) -> None:
        """Those of one batch, of which the first `count` rows count. Call it before the end of the step."""
        for name, rows in outputs.items():
            self._pieces.setdefault(name, []).append(self._device.whole(rows.detach().float()))
        self._counts.append(count)

    def on_host(self) -> dict[str, Tensor]:
        """The rows of all batches of all processes, one after the other, in float32.

        All processes call it, and all get the whole. Device sync: outputs are waited for.
        """
        mine = {name: self._counted(pieces) for name, pieces in self._pieces.items()}
        return _in_turn(self._device.team.gather([self._counts, mine]))

    def _counted(self, pieces: Sequence[Tensor]) -> Tensor:
        on_host = self._device.on_host(pieces)
        return torch.cat([piece[:count] for piece, count in zip(on_host, self._counts, strict=True)])


def _in_turn(shares: Sequence[tuple[list[int], dict[str, Tensor]]]) -> dict[str, Tensor]:
    """A batch of each process, in the order of ranks, then the next one of each. The first process has the most."""
    first = shares[0][1]
    if len(shares) == 1:
        return first
    whole = {}
    for name in first:
        batches = [torch.split(rows[name], counts) for counts, rows in shares if counts]
        whole[name] = torch.cat([batch for turn in zip_longest(*batches) for batch in turn if batch is not None])
    return whole
