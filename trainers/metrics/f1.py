"""F1 of a binary column."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Counts = NDArray[np.integer] | NDArray[np.floating]


def f1_of_counts(both: Counts, false: Counts, missed: Counts) -> NDArray[np.float64]:
    """2·TP / (2·TP + FP + FN) of arrays of one shape (van Rijsbergen 1979); 0 where nothing is found or to be found."""
    tp, fp, fn = (np.asarray(counts, dtype=np.float64) for counts in (both, false, missed))
    total = 2 * tp + fp + fn
    return np.asarray(2 * tp / np.where(total > 0, total, 1.0))
