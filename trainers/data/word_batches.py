"""Sentences as tensors: each different word once, and where it stands."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch

from trainers.data.batches import Batch
from trainers.data.sentences import split_words
from trainers.data.word_features import WordFeatures

# The words of a batch fill up a table of this share of its places, or of a multiple. Text repeats itself so much that
# the first one nearly always does, so shapes stay the same from step to step.
TABLE_SHARE = 0.25


class WordBatches:
    """Turns sentences into batches of one shape.

    A batch has `words`, int8 (table, features), the features of the words in it, the first row all 0, and `places`,
    int64 (rows, `length`), the row of each word of each sentence, 0 where there is none. Words behind the first
    `length` of a sentence are left out. So a word that occurs often is projected once, and no place is.
    """

    def __init__(self, features: WordFeatures, length: int) -> None:
        self.features = features
        self.length = length

    def batch(self, sentences: Sequence[str], rows: int | None = None) -> Batch:
        """These sentences, and empty ones up to `rows`."""
        rows = rows or len(sentences)
        found: dict[str, int] = {}
        places = np.zeros((rows, self.length), np.int64)
        for row, sentence in enumerate(sentences):
            words = split_words(sentence)[: self.length]
            places[row, : len(words)] = [found.setdefault(word, len(found) + 1) for word in words]
        step = max(1, int(TABLE_SHARE * rows * self.length))
        table = np.zeros((-(-(len(found) + 1) // step) * step, self.features.features), np.int8)
        table[1 : len(found) + 1] = self.features(list(found))
        return {"words": torch.from_numpy(table), "places": torch.from_numpy(places)}
