"""Texts as batches of tensors, and the order in which training sees them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from trainers.contract import InputError
from trainers.data.batches import Batch, BatchOrder, Column, Places, Postings, TrainingLoader
from trainers.data.loading import AT_ONCE, Loading
from trainers.devices.team import Team

Tokens = Callable[[Sequence[int]], dict[str, Tensor]]


class Texts(Postings):
    """Rows of texts. `tokens` gives the columns of an encoder for row numbers, as `KeptTokens` does."""

    def __init__(self, rows: NDArray[np.int64], tokens: Tokens, columns: Mapping[str, Column] | None = None) -> None:
        super().__init__(rows, columns or {})
        self._tokens = tokens

    def __getitems__(self, places: Sequence[int]) -> Batch:
        rows: list[int] = self._rows[list(places)].tolist()
        return self._tokens(rows) | super().__getitems__(places)


class Draw(Places):
    """The places of one batch, with the seed for what is random about its rows in this pass."""

    def __init__(self, places: Sequence[int], epoch: int, seed: int, start: int = 0) -> None:
        super().__init__(places, epoch, start)
        self.seed = seed


class SeededOrder(BatchOrder):
    """Batches each of which has the seed of its pass."""

    def __init__(self, rows: int, batch_size: int, order: torch.Generator, team: Team | None = None) -> None:
        super().__init__(rows, batch_size, order, team or Team())
        self._seed = 0

    def draw(self, order: torch.Generator) -> Tensor:
        """The places of a whole pass, shape (rows,), of which the seed is drawn first."""
        self._seed = int(torch.randint(2**62, (), generator=order))
        return self.places(order)

    def places(self, order: torch.Generator) -> Tensor:
        """The places of a whole pass in a new order."""
        return super().draw(order)

    def __iter__(self) -> Iterator[Places]:
        for places in super().__iter__():
            yield Draw(places, self.epoch, self._seed, places.start)


class TextOrder(SeededOrder):
    """Places of all rows, shuffled anew on every pass and dealt to batches of one size, each with the pass's seed.

    With `kinds`, shape (rows,), all kinds of rows come equally often: a pass takes as many of each as there are of
    the rarest, others each time.
    """

    def __init__(
        self,
        rows: int,
        batch_size: int,
        order: torch.Generator,
        team: Team | None = None,
        kinds: NDArray[np.int64] | None = None,
    ) -> None:
        numbers = np.zeros(rows, dtype=np.int64) if kinds is None else np.unique(kinds, return_inverse=True)[1]
        self._kinds = torch.from_numpy(numbers)
        sizes = np.bincount(numbers)
        self.of_each = int(sizes.min()) if rows else 0
        super().__init__(self.of_each * len(sizes), batch_size, order, team)

    def places(self, order: torch.Generator) -> Tensor:
        shuffled = torch.randperm(len(self._kinds), generator=order)
        by_kind = torch.argsort(self._kinds[shuffled], stable=True)
        sizes = torch.bincount(self._kinds)
        # How many of its kind come before each row.
        before = torch.empty_like(by_kind)
        before[by_kind] = torch.arange(len(by_kind)) - (sizes.cumsum(0) - sizes).repeat_interleave(sizes)
        chosen = shuffled[before < self.of_each]
        # Anew: the first of a common kind are all found early in the pass, and only rare ones late.
        return chosen[torch.randperm(len(chosen), generator=order)]


def text_loader(texts: Postings, order: TextOrder, seed: int, loading: Loading = AT_ONCE) -> TrainingLoader:
    """Batches of texts in this order. Raises `InputError` when not even one batch for each process is there."""
    if len(order) == 0:
        raise InputError(f"batch_size = {order.batch_size} is more than the rows of a pass give; lower batch_size")
    return TrainingLoader(texts, order, seed, loading)
