"""Pairs of sentences, and whether the second follows from the first. Nothing here imports torch."""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

# In the order of the logits.
LABELS = ("contradiction", "entailment", "neutral")


@dataclass(frozen=True)
class Pairs:
    """Premises and hypotheses, row by row, in the languages `langs`. `labels` (rows,) are places in `LABELS`."""

    langs: Sequence[str]
    premises: Sequence[str]
    hypotheses: Sequence[str]
    labels: NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.premises)

    @property
    def texts(self) -> list[tuple[str, str]]:
        """Both sentences of each pair."""
        return list(zip(self.premises, self.hypotheses, strict=True))

    @property
    def rows(self) -> NDArray[np.int64]:
        """All row numbers."""
        return np.arange(len(self))

    @property
    def languages(self) -> list[str]:
        return sorted(set(self.langs))

    @property
    def fingerprint(self) -> str:
        """Eight hexadecimal digits that differ for different pairs or labels."""
        checksum = zlib.crc32(self.labels.tobytes())
        for row in zip(self.langs, self.premises, self.hypotheses, strict=True):
            checksum = zlib.crc32(repr(row).encode(), checksum)
        return f"{checksum:08x}"

    def of(self, languages: Sequence[str]) -> Pairs:
        """The pairs in these languages, in their order."""
        rows = [row for row, lang in enumerate(self.langs) if lang in languages]
        return Pairs(
            langs=[self.langs[row] for row in rows],
            premises=[self.premises[row] for row in rows],
            hypotheses=[self.hypotheses[row] for row in rows],
            labels=self.labels[rows],
        )


def joined(parts: Sequence[Pairs]) -> Pairs:
    """All pairs of all parts; none of no parts."""
    return Pairs(
        langs=[lang for part in parts for lang in part.langs],
        premises=[text for part in parts for text in part.premises],
        hypotheses=[text for part in parts for text in part.hypotheses],
        labels=np.concatenate([np.empty(0, dtype=np.int64), *(part.labels for part in parts)]),
    )
