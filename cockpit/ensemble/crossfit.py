"""Honest numbers: a score on rows that nothing was fitted to, and how far chance may have moved a gain."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from cockpit.ensemble.scoring import Score
from trainers.metrics.accuracy import bootstrap_interval

PARTS = 5
Rows = NDArray[np.int64]


@dataclass(frozen=True)
class Gain:
    """How much better one prediction scores than another on the same rows, with an interval of 95 %."""

    value: float
    low: float
    high: float


def deal_parts(clusters: NDArray[np.int64], parts: int = PARTS, seed: int = 0) -> NDArray[np.int64]:
    """The part of every row, shape (rows,); a whole cluster is in one part.

    Clusters are shuffled and then dealt largest first, so that parts differ little in size and have nothing to do with
    the order of rows. Fewer clusters than parts give as many parts as clusters. Raises `ValueError` for one cluster.
    """
    sizes = np.bincount(clusters)
    present = np.flatnonzero(sizes)
    if len(present) < 2:
        raise ValueError("rows of one group cannot be dealt to parts")
    shuffled = np.random.default_rng(seed).permutation(present)
    ordered = shuffled[np.argsort(-sizes[shuffled], kind="stable")]
    part_of = np.zeros(len(sizes), dtype=np.int64)
    part_of[ordered] = np.arange(len(ordered)) % min(parts, len(ordered))
    return part_of[clusters]


def cross_fitted(
    fit_and_apply: Callable[[Rows, Rows], NDArray[np.float64]], parts: NDArray[np.int64]
) -> NDArray[np.float64]:
    """What comes of fitting, for every part, on the rows of all others (Stone 1974).

    `fit_and_apply` gets the rows to fit on and the rows to apply it to, and returns a row for each of the latter. The
    results stand in the order of all rows.
    """
    pieces: list[tuple[Rows, NDArray[np.float64]]] = []
    for part in np.unique(parts):
        held_out = np.flatnonzero(parts == part)
        pieces.append((held_out, fit_and_apply(np.flatnonzero(parts != part), held_out)))
    order = np.argsort(np.concatenate([rows for rows, _ in pieces]))
    return np.concatenate([values for _, values in pieces])[order]


def paired_gain(
    labels: NDArray[np.integer],
    better: NDArray[np.floating],
    other: NDArray[np.floating],
    clusters: NDArray[np.int64],
    score: Score,
) -> Gain:
    """The gain of `better` over `other`, both scored on the same rows drawn anew (Efron 1979).

    Whole clusters are drawn, because their rows are not independent of each other (Davison and Hinkley 1997, 3.8). Of a
    single one nothing can be drawn, and the interval has no ends (NaN).
    """
    members = _rows_by_cluster(clusters)

    def difference(drawn: Rows) -> float:
        rows = drawn if members is None else np.concatenate([members[cluster] for cluster in drawn])
        return score(labels[rows], better[rows]) - score(labels[rows], other[rows])

    drawable = len(labels) if members is None else len(members)
    low, high = bootstrap_interval(difference, rows=drawable if drawable > 1 else 0)
    return Gain(score(labels, better) - score(labels, other), low, high)


def _rows_by_cluster(clusters: NDArray[np.int64]) -> list[Rows] | None:
    """The rows of each cluster; None where every row is its own."""
    _, number, sizes = np.unique(clusters, return_inverse=True, return_counts=True)
    if len(sizes) == len(clusters):
        return None
    return np.split(np.argsort(number, kind="stable"), np.cumsum(sizes)[:-1])
