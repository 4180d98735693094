"""How far two sets of marked cells agree."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class Overlap:
    """Of the marked cells: TP in both sets, FP only in the predicted, FN only in the expected.

    `jaccard` is TP/(TP+FP+FN) and `f1` 2·TP/(2·TP+FP+FN), both 0 where nothing is marked in either; `accuracy` is the
    share of all cells that agree, marked or not. (Old scikit-learn called the last one Jaccard.)
    """

    jaccard: float
    f1: float
    accuracy: float


def overlap(predicted: NDArray[np.bool_], expected: NDArray[np.bool_]) -> Overlap:
    """The agreement of two boolean arrays of one shape."""
    both = int((predicted & expected).sum())
    either = int((predicted | expected).sum())
    return Overlap(
        jaccard=both / either if either else 0.0,
        f1=2 * both / (both + either) if either else 0.0,
        accuracy=float((predicted == expected).mean()),
    )
