"""Sound clips with any number of labels each. Nothing here imports torch."""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class Clips:
    """Clips, row by row. `sounds` are files, or mono samples of the rate that built-in clips have.

    `labels` are 0 or 1, shape (rows, classes).
    """

    ids: Sequence[str]
    sounds: Sequence[Path] | Sequence[NDArray[np.float32]]
    labels: NDArray[np.int8]

    def __len__(self) -> int:
        return len(self.ids)

    def take(self, rows: NDArray[np.int64]) -> Clips:
        """These rows, in this order."""
        return Clips([self.ids[row] for row in rows], [self.sounds[row] for row in rows], self.labels[rows])

    def __add__(self, others: Clips) -> Clips:
        return Clips(
            [*self.ids, *others.ids], [*self.sounds, *others.sounds], np.concatenate([self.labels, others.labels])
        )

    @property
    def fingerprint(self) -> str:
        """Eight hexadecimal digits that differ for different tables."""
        rows = [list(self.ids), np.packbits(self.labels.astype(bool)).tobytes()]
        return f"{zlib.crc32(repr(rows).encode()):08x}"


def rarest_first(labels: NDArray[np.int8]) -> list[str]:
    """One text per row that rows of the same labels share, beginning with the row's rarest label.

    In the order of these texts, rows of one rare label stand side by side: dealt round-robin, they spread over folds.
    """
    counts = labels.sum(axis=0, dtype=np.int64)
    rank = np.lexsort((np.arange(len(counts)), counts))
    place = np.empty_like(rank)
    place[rank] = np.arange(len(rank))
    return [" ".join(f"{number:06d}" for number in sorted(place[np.flatnonzero(row)])) for row in labels]
