"""Postings as batches of tensors."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.utils.data import DataLoader, Dataset, Sampler

from trainers.contract import InputError, Scalar
from trainers.data.cache import Cache
from trainers.data.images import square
from trainers.data.kept_pictures import decoded
from trainers.data.loading import AT_ONCE, Loading, begin_worker
from trainers.data.prefetch import made_ahead
from trainers.devices.base import Device
from trainers.devices.team import Team

# Decoded images are kept up to this many bytes; more are decoded whenever they are needed.
CACHE_BYTES = 2**30

Batch = dict[str, Tensor]


class Pictures:
    """Decoded pictures, uint8 of shape (3, size, size).

    They are decoded once where they all fit into memory, and once for all trainings where there is a cache.
    """

    def __init__(
        self,
        images: Sequence[Path] | Sequence[NDArray[np.uint8]],
        size: int,
        cache_bytes: int = CACHE_BYTES,
        cache: Cache | None = None,
    ) -> None:
        self._images = images
        self.size = size
        self._cache = decoded(images, size, cache) if cache is not None else None
        fits = len(images) * 3 * size * size <= cache_bytes
        if self._cache is None and fits:
            self._cache = self._decode(range(len(images)))

    @property
    def cached(self) -> bool:
        return self._cache is not None

    def __call__(self, rows: Sequence[int]) -> Tensor:
        """These rows, shape (rows, 3, size, size)."""
        return self._decode(rows) if self._cache is None else self._cache[torch.as_tensor(rows)]

    def _decode(self, rows: Sequence[int]) -> Tensor:
        return torch.from_numpy(np.stack([square(self._images[row], self.size) for row in rows]))


class Column:
    """A tensor with one entry per row of the data set."""

    def __init__(self, values: Tensor) -> None:
        self._values = values

    def __call__(self, rows: Sequence[int]) -> Tensor:
        return self._values[torch.as_tensor(rows)]


# From row numbers to a tensor with as many rows.
Columns = Callable[[Sequence[int]], Tensor]


class Postings(Dataset[Batch]):
    """Rows of a data set, each with a value of every one of the `columns`."""

    def __init__(self, rows: NDArray[np.int64], columns: Mapping[str, Columns]) -> None:
        self._rows = rows
        self._columns = columns

    @property
    def rows(self) -> list[int]:
        """The numbers of its rows in the data set."""
        rows: list[int] = self._rows.tolist()
        return rows

    def __len__(self) -> int:
        return len(self._rows)

    def __getitems__(self, places: Sequence[int]) -> Batch:
        """A whole batch at once: the loader asks for this in place of one row after the other."""
        rows: list[int] = self._rows[list(places)].tolist()
        return {name: column(rows) for name, column in self._columns.items()}

    def __getitem__(self, place: int) -> Batch:
        return {name: column[0] for name, column in self.__getitems__([place]).items()}


class Places(list[int]):
    """The places of one batch, with the number of the epoch that they are drawn in, from 0.

    `start` is how many places the pass has before them, whoever's: what follows from it does not depend on how many
    processes a pass is dealt to.
    """

    def __init__(self, places: Sequence[int], epoch: int, start: int = 0) -> None:
        super().__init__(places)
        self.epoch = epoch
        self.start = start


class BatchOrder(Sampler[list[int]]):
    """Places of `rows` rows, shuffled anew on every pass and dealt to batches of one size.

    A pass draws from `order` once, before its first batch, and nothing else may draw from it: a pass that begins with
    the same state of it is the same pass. Of several processes each takes every so manieth batch. What does not fill
    a last round of batches waits for the next pass.
    """

    def __init__(self, rows: int, batch_size: int, order: torch.Generator, team: Team) -> None:
        self.batch_size = batch_size
        self._rows = rows
        self._order = order
        self._team = team
        self._skipped = 0
        self.epoch = 0

    def __len__(self) -> int:
        return self._rows // (self.batch_size * self._team.size)

    def __iter__(self) -> Iterator[Places]:
        places = self.draw(self._order)
        first, self._skipped = self._skipped, 0
        for index in range(first, len(self)):
            start = (index * self._team.size + self._team.rank) * self.batch_size
            yield Places(places[start : start + self.batch_size].tolist(), self.epoch, start)

    def draw(self, order: torch.Generator) -> Tensor:
        """The places of a whole pass in a new order, shape (rows,)."""
        return torch.randperm(self._rows, generator=order)

    def skip(self, batches: int) -> None:
        """The next pass begins after so many batches."""
        self._skipped = batches

    def begin(self, epoch: int) -> None:
        """The next pass is that of this epoch."""
        self.epoch = epoch


class TrainingLoader(DataLoader[Batch]):
    """Batches in a `BatchOrder`. Whoever makes them draws nothing from the order, and has generators of its own."""

    def __init__(self, postings: Postings, order: BatchOrder, seed: int, loading: Loading = AT_ONCE) -> None:
        super().__init__(
            postings,
            batch_sampler=order,
            generator=torch.Generator().manual_seed(seed),
            collate_fn=_as_it_is,
            num_workers=loading.workers,
            prefetch_factor=loading.of_worker,
            worker_init_fn=begin_worker,
            persistent_workers=loading.workers > 0,
            pin_memory=loading.pinned,
        )
        self.order = order
        self.loading = loading

    def skip(self, batches: int) -> None:
        """The next pass begins after so many batches, and loads none of them."""
        self.order.skip(batches)

    def begin(self, epoch: int) -> None:
        """The next pass is that of this epoch."""
        self.order.begin(epoch)

    def settings(self) -> dict[str, Scalar]:
        """How it loads."""
        return {
            "batch_size": self.order.batch_size,
            "num_workers": self.loading.workers,
            "prefetch": self.loading.ahead,
            "steps_per_epoch": len(self),
        }

    def __iter__(self) -> Any:
        if self.num_workers:
            return _in_one_line(super().__iter__())
        return made_ahead(super().__iter__(), self.loading.in_thread, self.loading.begin_thread)


def training_loader(
    postings: Postings,
    batch_size: int,
    order: torch.Generator,
    loading: Loading = AT_ONCE,
    team: Team | None = None,
) -> TrainingLoader:
    """Shuffled batches of one size; the rows that do not fill the last one wait for the next pass.

    `batch_size` is that of each process of the team. Raises `InputError` when not even one batch for each is there.
    """
    batch_order = BatchOrder(len(postings), batch_size, order, team or Team())
    if len(batch_order) == 0:
        processes = f" in each of {team.size} processes" if team and team.size > 1 else ""
        raise InputError(
            f"batch_size = {batch_size}{processes} is more than the {len(postings)} training rows; lower batch_size"
        )
    return TrainingLoader(postings, batch_order, order.initial_seed(), loading)


def evaluation_loader(postings: Postings, batch_size: int) -> DataLoader[Batch]:
    """All rows in their order."""
    return DataLoader(postings, batch_size=batch_size, collate_fn=_as_it_is)


def to_device(batch: Batch, device: Device) -> Batch:
    """The same batch where the model is."""
    return {name: device.put(tensor) for name, tensor in batch.items()}


def _in_one_line(batches: Iterator[Batch]) -> Iterator[Batch]:
    """What a worker process refuses arrives with its traceback; people get the line that they are meant to read."""
    try:
        yield from batches
    except InputError as error:
        lines = [line for line in str(error).splitlines() if line.strip()]
        raise InputError(lines[-1].partition(f"{InputError.__name__}: ")[2] or lines[-1]) from error


def _as_it_is(batch: Any) -> Any:
    return batch
