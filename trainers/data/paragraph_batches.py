"""Batches of whole paragraphs, for a loss that asks which sentences stand together."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from trainers.contract import InputError
from trainers.data.batches import Batch, BatchOrder, Postings, TrainingLoader
from trainers.data.corpus import Paragraph
from trainers.data.loading import AT_ONCE, Loading
from trainers.data.word_batches import WordBatches
from trainers.devices.team import Team


class ParagraphBatches(TrainingLoader):
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
        loading: Loading = AT_ONCE,
    ) -> None:
        self.paragraphs = paragraphs
        used = [paragraph.sentences[: max(1, batch_size // 2)] for paragraph in paragraphs]
        lengths = np.array([len(sentences) for sentences in used])
        sentences = _Sentences([one for several in used for one in several], lengths, words)
        in_paragraphs = _ParagraphOrder(lengths, batch_size, order, team or Team())
        if len(in_paragraphs) == 0:
            processes = f" in each of {team.size} processes" if team and team.size > 1 else ""
            raise InputError(
                f"batch_size = {batch_size}{processes} is more than the {len(sentences)} training sentences; "
                "lower batch_size"
            )
        super().__init__(sentences, in_paragraphs, order.initial_seed(), loading)


class _Sentences(Postings):
    """The sentences of all paragraphs, one after the other; `lengths` are how many each paragraph has."""

    def __init__(self, sentences: Sequence[str], lengths: NDArray[np.int64], words: WordBatches) -> None:
        self._sentences = sentences
        self._owners = np.repeat(np.arange(len(lengths)), lengths)
        self._words = words

    def __len__(self) -> int:
        return len(self._sentences)

    def __getitems__(self, places: Sequence[int]) -> Batch:
        rows = list(places)
        owners = self._owners[rows]
        groups = np.zeros(len(rows), np.int64)
        groups[1:] = (owners[1:] != owners[:-1]).cumsum()
        return self._words.batch([self._sentences[row] for row in rows]) | {"groups": torch.from_numpy(groups)}


class _ParagraphOrder(BatchOrder):
    """Places of sentences, whose paragraphs are shuffled anew on every pass and stay whole."""

    def __init__(self, lengths: NDArray[np.int64], batch_size: int, order: torch.Generator, team: Team) -> None:
        super().__init__(int(lengths.sum()), batch_size, order, team)
        self._lengths = lengths
        self._starts = lengths.cumsum() - lengths

    def draw(self, order: torch.Generator) -> Tensor:
        chosen = torch.randperm(len(self._lengths), generator=order).numpy()
        lengths = self._lengths[chosen]
        owners = np.repeat(np.arange(len(chosen)), lengths)
        behind = np.arange(len(owners)) - np.repeat(lengths.cumsum() - lengths, lengths)
        return torch.from_numpy(self._starts[chosen][owners] + behind)
