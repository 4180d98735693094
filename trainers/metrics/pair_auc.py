"""How well similarity tells pairs within a group from pairs across groups, whatever threshold is taken."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray


def pair_auc(similarity: NDArray[np.float32], groups: NDArray[np.int64]) -> float:
    """The chance that a pair within a group is more similar than one across groups; equal ones count half.

    This is the area under the ROC curve (the Mann-Whitney statistic divided by the number of comparisons). `similarity`
    is symmetric, shape (rows, rows), `groups` (rows,); each pair of different rows counts once. NaN where one of the
    two kinds of pairs does not occur.
    """
    upper = np.triu_indices(len(groups), 1)
    same = groups[upper[0]] == groups[upper[1]]
    values = similarity[upper]
    within, across = values[same], np.sort(values[~same])
    if not len(within) or not len(across):
        return float("nan")
    below, not_above = (np.searchsorted(across, within, side) for side in ("left", "right"))
    return float((below + not_above).mean() / (2 * len(across)))
