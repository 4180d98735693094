"""What is scored of a set of matches, from counts alone."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Counts = NDArray[np.integer] | NDArray[np.floating]


class MatchScores(NamedTuple):
    """Of every row: F1 is 2·|T∩P| / (|T| + |P|), precision |T∩P| / |P|, recall |T∩P| / |T|."""

    f1: NDArray[np.float64]
    precision: NDArray[np.float64]
    recall: NDArray[np.float64]


def match_scores(hits: Counts, predicted: Counts, true: Counts) -> MatchScores:
    """From |T∩P|, |P| and |T|, of any shapes that go together. A row is always its own match, so no count is 0."""
    return MatchScores(2.0 * hits / (true + predicted), hits / predicted, hits / true)
