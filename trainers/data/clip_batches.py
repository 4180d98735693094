"""Training clips as batches: which come in a pass, and which window of each is seen."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from trainers.contract import InputError
from trainers.data.batches import Batch, Postings, TrainingLoader
from trainers.data.loading import AT_ONCE, Loading
from trainers.data.spectrograms import Windows
from trainers.data.texts import Draw, SeededOrder
from trainers.devices.team import Team


class ClipBatches(Postings):
    """Clips with their labels. The windows follow from the seed of the pass and a clip's number in it, nothing else.

    So a pass that is gone on with in its middle, loaded by other worker processes, or dealt to several processes that
    train together, is the same pass.
    """

    def __init__(self, windows: Windows, labels: NDArray[np.int8]) -> None:
        self._windows = windows
        self._labels = torch.from_numpy(labels.astype(np.float32))

    def __len__(self) -> int:
        return len(self._labels)

    def __getitems__(self, places: Sequence[int]) -> Batch:
        rows = list(places)
        seed, start = (places.seed, places.start) if isinstance(places, Draw) else (0, 0)
        windows = [
            self._windows.drawn([row], np.random.default_rng((seed, number)))["features"]
            for number, row in enumerate(rows, start)
        ]
        return {"features": torch.cat(windows)} | {"labels": self._labels[torch.as_tensor(rows)]}


class ClipOrder(SeededOrder):
    """Places of clips in a new order on every pass: each clip once or, with `weights`, as often as these have it.

    `weights`, shape (rows,), are those of draws with replacement; a pass is as long as without them. Whatever there
    are, a pass draws from the order before its first batch and then no more.
    """

    def __init__(
        self,
        rows: int,
        batch_size: int,
        order: torch.Generator,
        team: Team | None = None,
        weights: NDArray[np.float64] | None = None,
    ) -> None:
        super().__init__(rows, batch_size, order, team)
        self.is_balanced = weights is not None
        self._weights = None if weights is None else torch.from_numpy(weights)

    def places(self, order: torch.Generator) -> Tensor:
        if self._weights is None:
            return super().places(order)
        return torch.multinomial(self._weights, len(self._weights), replacement=True, generator=order)


def class_balance(labels: NDArray[np.int8]) -> NDArray[np.float64]:
    """A weight for each row of labels (rows, classes), shape (rows,): the mean over its labels of 1 / clips with it.

    Of clips with one label each, every class is drawn equally often.
    """
    rarity = 1.0 / np.maximum(labels.sum(axis=0, dtype=np.int64), 1)
    weights: NDArray[np.float64] = (labels * rarity).sum(axis=1) / np.maximum(labels.sum(axis=1, dtype=np.int64), 1)
    return weights


def clip_loader(clips: ClipBatches, order: ClipOrder, seed: int, loading: Loading = AT_ONCE) -> TrainingLoader:
    """Batches of clips in this order. Raises `InputError` when not even one batch for each process is there."""
    if len(order) == 0:
        raise InputError(f"batch_size = {order.batch_size} in each process is more than the clips give; lower it")
    return TrainingLoader(clips, order, seed, loading)
