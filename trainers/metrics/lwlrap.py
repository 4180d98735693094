"""How high the true labels of a row stand among all: lwlrap and its kin, for rows with any number of labels.

Prec(i, c) is, for row i and its true label c, how many of the row's true labels stand at or above c, by how many labels
stand at or above c. Equal scores stand at the last place of their run, so that a model which says the same of all
labels gains nothing by it. Rows without a true label say nothing.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray


def lwlrap(scores: NDArray[np.floating], labels: NDArray[np.integer]) -> float:
    """Label-weighted label-ranking average precision: the mean of Prec(i, c) over all true labels of all rows.

    Every label counts the same, however many its row has (the metric of Freesound Audio Tagging 2019, Fonseca et al.
    2019). `scores` and `labels` have the shape (rows, columns), labels being 0 or 1. NaN without any true label.
    """
    true = labels.astype(bool)
    return float(_precisions(scores, true)[true].mean()) if true.any() else float("nan")


def per_class_lwlrap(
    scores: NDArray[np.floating], labels: NDArray[np.integer]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """The mean of Prec over the rows of each class, and the class's share of all true labels, each (columns,).

    lwlrap is the sum of their products. A class that no row has is NaN with a share of 0.
    """
    true = labels.astype(bool)
    count = true.sum(0)
    sums = np.where(true, _precisions(scores, true), 0.0).sum(0)
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
    true = labels.astype(bool)
    return np.where(true, _precisions(scores, true), 0.0).sum(1), true.sum(1)


def _precisions(scores: NDArray[np.floating], true: NDArray[np.bool_]) -> NDArray[np.float64]:
    """Prec of every row and label, true or not, shape (rows, columns). A score that is no number stands last."""
    known = np.where(np.isnan(scores), -np.inf, scores)
    order = np.argsort(-known, axis=1, kind="stable")
    ordered = np.take_along_axis(known, order, axis=1)
    hits = np.take_along_axis(true, order, axis=1).cumsum(1)
    place = _run_ends(ordered)
    precision = np.take_along_axis(hits, place, axis=1) / (place + 1)
    found = np.empty(known.shape, dtype=np.float64)
    np.put_along_axis(found, order, precision, axis=1)
    return found


def _run_ends(ordered: NDArray[np.floating]) -> NDArray[np.int64]:
    """For each place in rows of falling scores the last place with the same score."""
    columns = ordered.shape[1]
    places = np.broadcast_to(np.arange(columns), ordered.shape)
    is_end = np.ones(ordered.shape, dtype=bool)
    is_end[:, :-1] = ordered[:, :-1] != ordered[:, 1:]
    ends = np.where(is_end, places, columns)
    return np.minimum.accumulate(ends[:, ::-1], axis=1)[:, ::-1]
