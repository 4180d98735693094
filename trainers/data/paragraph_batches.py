"""Batches of whole paragraphs, for a loss that asks which sentences stand together."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
import torch
from numpy.typing import NDArray

from trainers.contract import InputError
from trainers.data.batches import Batch
from trainers.data.corpus import Paragraph
from trainers.data.word_batches import WordBatches
from trainers.devices.team import Team


class ParagraphBatches:
    """Paragraphs in a new order on every pass, their sentences one after the other, cut into batches of one size.

    A paragraph gives at most half a batch of sentences, its first ones. What a cut leaves of a paragraph begins the
    next batch; sentences that do not fill a last round of batches wait for the next pass. Of several processes each
    takes every so manieth batch. A pass draws from `order` once, before its first batch, and nothing else may.

    Batches are those of `WordBatches` with `groups`, int64 (rows,): the number of each sentence's paragraph, ascending
    from 0. Raises `InputError` when there are not enough sentences for one batch.
    """

    def __init__(
        self,
        paragraphs: Sequence[Paragraph],
        batch_size: int,
        order: torch.Generator,
        words: WordBatches,
        team: Team | None = None,
    ) -> None:
        self.batch_size = batch_size
        self.paragraphs = paragraphs
        self._order = order
        self._words = words
        self._team = team or Team()
        self._skipped = 0
        used = [paragraph.sentences[: max(1, batch_size // 2)] for paragraph in paragraphs]
        self._sentences = [sentence for sentences in used for sentence in sentences]
        self._lengths = np.array([len(sentences) for sentences in used])
        self._starts = self._lengths.cumsum() - self._lengths
        if len(self) == 0:
            processes = f" in each of {self._team.size} processes" if self._team.size > 1 else ""
            raise InputError(
                f"batch_size = {batch_size}{processes} is more than the {len(self._sentences)} training sentences; "
                "lower batch_size"
            )

    def __len__(self) -> int:
        return len(self._sentences) // (self.batch_size * self._team.size)

    def __iter__(self) -> Iterator[Batch]:
        rows, owners = self._pass(torch.randperm(len(self._lengths), generator=self._order).numpy())
        first, self._skipped = self._skipped, 0
        for index in range(first, len(self)):
            start = (index * self._team.size + self._team.rank) * self.batch_size
            chosen = slice(start, start + self.batch_size)
            batch = self._words.batch([self._sentences[row] for row in rows[chosen].tolist()])
            groups = np.unique(owners[chosen], return_inverse=True)[1]
            yield batch | {"groups": torch.from_numpy(groups.astype(np.int64))}

    def skip(self, batches: int) -> None:
        """The next pass begins after so many batches, and makes none of them."""
        self._skipped = batches

    def _pass(self, order: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """The sentences of a pass in their order, and which paragraph of the pass each belongs to."""
        lengths = self._lengths[order]
        owners = np.repeat(np.arange(len(order)), lengths)
        behind = np.arange(len(owners)) - np.repeat(lengths.cumsum() - lengths, lengths)
        return self._starts[order][owners] + behind, owners
