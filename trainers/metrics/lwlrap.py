"""How high the true labels of a row stand among all: lwlrap and its kin, for rows with any number of labels.

Prec(i, c) is, for row i and its true label c, how many of the row's true labels stand at or above c, by how many labels
stand at or above c. Equal scores stand at the last place of their run, so that a model which says the same of all
labels gains nothing by it. Rows without a true label say nothing.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

# True labels that are ranked at once: so few that their rows stay in the processor's cache.
AT_ONCE = 2**11


def lwlrap(scores: NDArray[np.floating], labels: NDArray[np.integer]) -> float:
    """Label-weighted label-ranking average precision: the mean of Prec(i, c) over all true labels of all rows.

    Every label counts the same, however many its row has (the metric of Freesound Audio Tagging 2019, Fonseca et al.
    2019). `scores` and `labels` have the shape (rows, columns), labels being 0 or 1. NaN without any true label.
    """
    precisions = _precisions(scores, labels)[2]
    return float(precisions.mean()) if len(precisions) else float("nan")


def per_class_lwlrap(
    scores: NDArray[np.floating], labels: NDArray[np.integer]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """The mean of Prec over the rows of each class, and the class's share of all true labels, each (columns,).

    lwlrap is the sum of their products. A class that no row has is NaN with a share of 0.
    """
    _, columns, precisions = _precisions(scores, labels)
    count = np.bincount(columns, minlength=labels.shape[1])
    sums = np.bincount(columns, precisions, minlength=labels.shape[1])
    values = np.divide(sums, count, out=np.full(len(count), np.nan), where=count > 0)
    return values, count / max(int(count.sum()), 1)


def lrap(scores: NDArray[np.floating], labels: NDArray[np.integer]) -> float:
    """Label-ranking average precision: the mean over rows of the mean of Prec over the row's true labels.

    Every row counts the same (Tsoumakas, Katakis and Vlahavas 2010). NaN without any true label.
    """
    sums, count = row_sums(scores, labels)
    rows = count > 0
    return float((sums[rows] / count[rows]).mean()) if rows.any() else float("nan")


def row_sums(
    scores: NDArray[np.floating], labels: NDArray[np.integer]
) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """The sum of Prec over the true labels of each row, and how many these are, each (rows,).

    lwlrap of any rows is the quotient of their sums, which saves ranking them again.
    """
    rows, _, precisions = _precisions(scores, labels)
    sums = np.bincount(rows, precisions, minlength=len(labels)).astype(np.float64)
    return sums, np.bincount(rows, minlength=len(labels)).astype(np.int64)


def _precisions(
    scores: NDArray[np.floating], labels: NDArray[np.integer]
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.float64]]:
    """Row, column and Prec of every true label. A score that is no number stands last.

    True labels are few, so each is compared with its row, which costs less than sorting all rows. What stands at or
    above it is counted in bits, eight labels at a time.
    """
    true = labels.astype(bool)
    known = np.where(np.isnan(scores), -np.inf, scores) if np.isnan(scores).any() else scores
    rows, columns = np.divmod(np.flatnonzero(true), true.shape[1])
    truth = np.packbits(true, axis=1)
    precisions = np.empty(len(rows))
    for first in range(0, len(rows), AT_ONCE):
        some = rows[first : first + AT_ONCE]
        own = known[some, columns[first : first + AT_ONCE], None]
        above = np.packbits(np.take(known, some, axis=0) >= own, axis=1)
        precisions[first : first + AT_ONCE] = _bits(above & np.take(truth, some, axis=0)) / _bits(above)
    return rows, columns, precisions


def _bits(packed: NDArray[np.uint8]) -> NDArray[np.int64]:
    """How many bits are set in each row. Rows are short, so they are added up side by side."""
    counts: NDArray[np.int64] = np.bitwise_count(packed).T.copy().sum(axis=0, dtype=np.int64)
    return counts
