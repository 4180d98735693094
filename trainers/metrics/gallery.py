"""What the score would be if there were more to choose from, or less."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from trainers.metrics.neighbours import Neighbours

_SEED = 2021


def in_gallery(size: int) -> Callable[[Neighbours, Tensor], tuple[Tensor, Tensor]]:
    """A view of what was counted as if every row had `size` candidates, itself and its group among them.

    A larger gallery than the N rows has size − N dummies more for each row. Their similarities are drawn with
    replacement from those of all pairs that do not match: of n dummies so many reach the levels as a multinomial
    distribution of n with the shares of these pairs says. In a smaller one each row keeps every candidate of another
    group with the probability (size − |T|) / (N − |T|). What is drawn follows from the counts and nothing else.

    A false match rarer than the data can show, one in as many pairs as there are, is never drawn.
    """

    def view(neighbours: Neighbours, groups: Tensor) -> tuple[Tensor, Tensor]:
        hits = neighbours.hits.cpu().numpy().astype(np.int64)
        false = neighbours.predicted.cpu().numpy() - hits
        # By the highest level that a pair reaches, in place of by every level that it reaches.
        false[:, :-1] -= false[:, 1:].copy()
        sizes = torch.bincount(groups)[groups].cpu().numpy()
        generator = np.random.default_rng(_SEED)
        if size >= len(groups):
            drawn = false + _dummies(size - len(groups), false, sizes, generator)
        else:
            others = len(groups) - sizes
            kept = np.clip((size - sizes) / np.maximum(others, 1), 0.0, 1.0)
            drawn = generator.binomial(false, kept[:, None])
        predicted = hits + np.flip(np.flip(drawn, 1).cumsum(1), 1)
        return torch.from_numpy(predicted).to(groups.device), torch.from_numpy(hits).to(groups.device)

    return view


def _dummies(
    count: int, false: NDArray[np.int64], sizes: NDArray[np.int64], generator: np.random.Generator
) -> NDArray[np.int64]:
    """How many of `count` dummies of each row reach each level and no higher one, (rows, levels)."""
    rows, levels = false.shape
    pairs = rows * rows - sizes.sum()
    if pairs == 0:
        return np.zeros_like(false)
    shares = false.sum(axis=0) / pairs
    below = max(0.0, 1.0 - shares.sum())
    return generator.multinomial(count, [*shares, below], size=rows)[:, :levels]
