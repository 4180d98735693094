"""What answers score that take no model: the least that a model has to beat."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from trainers.metrics.lwlrap import lwlrap


def trivial_accuracy(labels: NDArray[np.integer]) -> float:
    """The share of the most frequent class among labels (rows,), which are not negative; NaN without rows."""
    return float(np.bincount(labels).max() / len(labels)) if len(labels) else float("nan")


def trivial_row_f1(groups: Sequence[str]) -> dict[str, float]:
    """Row F1 where every row matches itself only, or every row matches all, whichever is more.

    With T the rows of its group and n rows in all, a row's F1 is 2 / (|T| + 1) or 2·|T| / (|T| + n).
    """
    _, places, counts = np.unique(np.array(groups), return_inverse=True, return_counts=True)
    true = counts[places]
    return {"row_f1": float(max((2 / (true + 1)).mean(), (2 * true / (true + len(true))).mean()))}


def trivial_lwlrap(train: NDArray[np.integer], valid: NDArray[np.integer]) -> float:
    """lwlrap where every row is said to have the classes in the order of how frequent they are in training.

    Labels are 0 or 1, (rows, classes).
    """
    return lwlrap(np.broadcast_to(train.mean(0), valid.shape), valid)
