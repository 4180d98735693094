"""Pairs of sentences, and whether the second follows from the first. Nothing here imports torch."""

from __future__ import annotations

import hashlib
import zlib
from collections import Counter
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
    def ids(self) -> list[str]:
        """A name for each pair that is the same wherever the pair stands; pairs that are there again get a number."""
        seen: Counter[str] = Counter()
        names = []
        for row in zip(self.langs, self.premises, self.hypotheses, strict=True):
            name = _name(*row)
            seen[name] += 1
            names.append(name if seen[name] == 1 else f"{name}-{seen[name]}")
        return names

    @property
    def premise_ids(self) -> list[str]:
        """A name for the premise of each pair. What is said of one premise is not independent of each other."""
        return [_name(lang, premise) for lang, premise in zip(self.langs, self.premises, strict=True)]

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


def _name(lang: str, *texts: str) -> str:
    return f"{lang}-{hashlib.sha256(repr(texts).encode()).hexdigest()[:16]}"


def joined(parts: Sequence[Pairs]) -> Pairs:
    """All pairs of all parts; none of no parts."""
    return Pairs(
        langs=[lang for part in parts for lang in part.langs],
        premises=[text for part in parts for text in part.premises],
        hypotheses=[text for part in parts for text in part.hypotheses],
        labels=np.concatenate([np.empty(0, dtype=np.int64), *(part.labels for part in parts)]),
    )
