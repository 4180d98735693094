"""Ways to make one prediction of several. Scores have the shape (members, rows, columns), what comes of them two."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray
from scipy.stats import rankdata

Stack = NDArray[np.float64]
Merged = NDArray[np.float64]
Weights = Sequence[float] | NDArray[np.float64]


def mean(stack: Stack) -> Merged:
    """The arithmetic mean over members, Σ s / n."""
    return np.asarray(stack.mean(axis=0))


def rank_mean(stack: Stack) -> Merged:
    """The mean over members of each row's rank in its column, (rank − ½) / rows, so from 0 to 1.

    Equal scores share the mean of their ranks. Whatever scale a member's scores have, only their order counts: the
    Borda count (Borda 1781), which Dwork et al. (2001) call rank aggregation.
    """
    ranks = rankdata(stack, axis=1)
    return np.asarray(((ranks - 0.5) / stack.shape[1]).mean(axis=0))


def power_mean(stack: Stack, power: float) -> Merged:
    """The Hölder mean (Σ sᵖ / n)^(1/p), and for p = 0 its limit, the geometric mean (Hardy, Littlewood, Pólya 1934).

    p = 1 is the mean; larger ones lean towards the highest score, smaller ones towards the lowest. Raises `ValueError`
    for scores below 0, of which there are no such means.
    """
    if (stack < 0).any():
        raise ValueError("scores below 0 have no power mean")
    if power <= 0 and (stack == 0).any():
        # The limit from above; a logarithm or a negative power would say that nothing is no number.
        stack = np.maximum(stack, np.finfo(np.float64).tiny)
    if power == 0:
        return np.asarray(np.exp(np.log(stack).mean(axis=0)))
    largest = stack.max(axis=0) if power > 0 else stack.min(axis=0)
    # Of scores divided by the one that counts most, no power outgrows a float.
    scale = np.where(largest > 0, largest, 1.0)
    return np.asarray(scale * ((stack / scale) ** power).mean(axis=0) ** (1.0 / power))


def weighted_mean(stack: Stack, weights: Weights) -> Merged:
    """Σ w·s / Σ w. Raises `ValueError` for weights below 0 or without a sum."""
    shares = normalised(weights)
    return np.asarray(np.tensordot(shares, stack, axes=1))


def normalised(weights: Weights) -> NDArray[np.float64]:
    """Weights that sum to 1."""
    given = np.asarray(weights, dtype=np.float64)
    total = given.sum()
    if (given < 0).any() or not total > 0:
        raise ValueError(f"weights {list(weights)} are not from 0 up with a sum above 0")
    shares: NDArray[np.float64] = given / total
    return shares


def hill_climb(stack: Stack, score: Callable[[Merged], float], rounds: int) -> NDArray[np.float64]:
    """How often each member is taken, as shares, by forward selection with replacement (Caruana et al. 2004).

    It begins with the best member and adds in every round the one with which the mean of all that were taken scores
    highest, the same one again if that is best; of equals the first. After `rounds` the best of the ensembles on the
    way counts, and of equals the smallest.
    """
    count = len(stack)
    taken = np.zeros(count)
    total = np.zeros(stack.shape[1:])
    best, best_score = taken, -np.inf
    for size in range(1, rounds + 1):
        scores = [_comparable(score((total + member) / size)) for member in stack]
        chosen = int(np.argmax(scores))
        total = total + stack[chosen]
        taken = taken + np.eye(count)[chosen]
        if scores[chosen] > best_score:
            best, best_score = taken, scores[chosen]
    return best / best.sum() if best.any() else np.full(count, 1.0 / count)


def _comparable(value: float) -> float:
    return -np.inf if np.isnan(value) else value
