"""The matches of each row by name of row, most alike first."""

from __future__ import annotations

import math
from collections.abc import Sequence

from trainers.metrics.merging import sharing
from trainers.metrics.similarity import Similarity

# Similarities held at once: 64 MiB of float32.
_BLOCK = 2**24


def find_matches(
    similarity: Similarity, level: float, at_least: int = 1, most: int = 50, keys: Sequence[Sequence[str]] = ()
) -> list[list[int]]:
    """For each row the numbers of the rows that match it: first itself, then those that share one of its `keys`.

    Then come the rows at least as similar as `level`, or more to make `at_least` of them, the most alike first and of
    equals the first row first. No row has more than `most`.
    """
    found = [[row] for row in range(len(similarity))]
    for column in keys:
        for rows in sharing(column):
            for row in rows:
                found[row] += [other for other in rows if other not in found[row]]
    at_once = max(1, _BLOCK // max(1, len(similarity)))
    for start in range(0, len(similarity), at_once):
        block = similarity.block(slice(start, start + at_once), slice(None))
        block.fill_diagonal_(-math.inf) if start == 0 else block[:, start:].fill_diagonal_(-math.inf)
        values, places = block.sort(dim=1, descending=True, stable=True)
        enough = min(most, values.shape[1])
        # Device sync: the most alike of each row.
        kept = zip(values[:, :enough].tolist(), places[:, :enough].tolist(), strict=True)
        for row, (scores, others) in enumerate(kept, start=start):
            _fill(found[row], scores, others, level, at_least)
    return [matches[:most] for matches in found]


def _fill(matches: list[int], scores: Sequence[float], others: Sequence[int], level: float, at_least: int) -> None:
    known = set(matches)
    for score, other in zip(scores, others, strict=True):
        if score == -math.inf or (score < level and len(matches) >= at_least):
            return
        if other not in known:
            matches.append(other)
