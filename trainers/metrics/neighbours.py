"""How many neighbours each row has at each of many thresholds, without ever holding all pairs.

A matrix of 70,000 × 70,000 similarities has no place in memory, and sorting each into one of a hundred bins takes
longer than computing it. So it is made tile by tile, each tile stands for its mirror image as well, and only pairs
above a floor, the lowest threshold asked for, are looked at one by one.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from trainers.metrics.similarity import Similarity

# Rows and columns of a tile: 16 MiB of float32.
TILE = 2048
# Tiles with a larger share of pairs above the floor are counted as a whole.
DENSE = 0.5
# Rows at once where they are compared with all others.
_FEW = 256


@dataclass(frozen=True)
class Neighbours:
    """What was counted at ascending levels of similarity, from the level number `first` on.

    `predicted` are the rows at least so similar, the row itself included, and `hits` those of them in its own group;
    both int32 of shape (rows, levels counted). `nearest` is the most similar other row, int64 (rows,), of several the
    first, and -1 for rows that have none.
    """

    first: int
    predicted: Tensor
    hits: Tensor
    nearest: Tensor


def count_neighbours(similarity: Similarity, groups: Tensor, levels: Tensor, first: int = 0) -> Neighbours:
    """Counts exactly, for `groups` (rows,) of integers and ascending `levels` from number `first` on."""
    rows = len(similarity)
    tally = _Tally(groups, levels[first:])
    memory = torch.empty(min(TILE, rows) ** 2, dtype=torch.float32, device=groups.device)
    for top in range(0, rows, TILE):
        for left in range(top, rows, TILE):
            tile = similarity.block(slice(top, top + TILE), slice(left, left + TILE), memory)
            if left == top:
                # A row is counted beforehand as its own neighbour, at every level.
                tile.fill_diagonal_(-math.inf)
            tally.add(tile, top, left)
    return Neighbours(first, *tally.totals(), tally.nearest(similarity))


class _Tally:
    """Counts by row and by the highest level that a pair reaches; bin 0 is for pairs below all of them."""

    def __init__(self, groups: Tensor, levels: Tensor) -> None:
        rows, self._bins = len(groups), len(levels) + 1
        self._groups = groups
        self._levels = levels
        self._floor = float(levels[0])
        self._predicted = torch.zeros(rows, self._bins, dtype=torch.int32, device=groups.device)
        self._hits = torch.zeros_like(self._predicted)
        self._best = torch.full((rows,), -math.inf, device=groups.device)
        self._nearest = torch.full((rows,), -1, device=groups.device)

    def add(self, tile: Tensor, top: int, left: int) -> None:
        """Pairs of the rows from `top` and from `left` on, and unless these are the same ones the mirror image."""
        # numpy finds the few that are set several times faster than torch does.
        found = np.flatnonzero((tile >= self._floor).cpu().numpy())
        mirrored = top != left
        if len(found) > DENSE * tile.numel():
            self._add_all(tile, top, left, mirrored)
        elif len(found):
            self._add_some(tile, torch.from_numpy(found).to(tile.device), top, left, mirrored)

    def _add_all(self, tile: Tensor, top: int, left: int, mirrored: bool) -> None:
        height, width = tile.shape
        bins = torch.bucketize(tile, self._levels, right=True)
        same = self._groups[top : top + height].unsqueeze(1) == self._groups[left : left + width]
        self._count(top, height, torch.arange(height, device=tile.device).unsqueeze(1), bins, same)
        best, places = tile.max(dim=1)
        self._improve(top, best, places, left)
        if mirrored:
            self._count(left, width, torch.arange(width, device=tile.device), bins, same)
            best, places = tile.max(dim=0)
            self._improve(left, best, places, top)

    def _add_some(self, tile: Tensor, found: Tensor, top: int, left: int, mirrored: bool) -> None:
        height, width = tile.shape
        rows, columns = found.div(width, rounding_mode="floor"), found.remainder(width)
        values = tile.flatten()[found]
        bins = torch.bucketize(values, self._levels, right=True)
        same = self._groups[top + rows] == self._groups[left + columns]
        self._count(top, height, rows, bins, same)
        best, places = _most(rows, columns, values, height)
        self._improve(top, best, places, left)
        if mirrored:
            self._count(left, width, columns, bins, same)
            best, places = _most(columns, rows, values, width)
            self._improve(left, best, places, top)

    def _count(self, start: int, rows: int, places: Tensor, bins: Tensor, same: Tensor) -> None:
        keys = bins + places * self._bins
        for total, chosen in ((self._predicted, keys.flatten()), (self._hits, keys[same])):
            counts = torch.bincount(chosen, minlength=rows * self._bins)
            total[start : start + rows] += counts.view(rows, self._bins)

    def _improve(self, start: int, values: Tensor, places: Tensor, offset: int) -> None:
        """Tiles come in the order of their columns for every row, so that of equal neighbours the first one stays."""
        part = slice(start, start + len(values))
        better = values > self._best[part]
        self._nearest[part] = torch.where(better, places + offset, self._nearest[part])
        self._best[part] = torch.where(better, values, self._best[part])

    def totals(self) -> tuple[Tensor, Tensor]:
        """`predicted` and `hits`."""
        first, second = (
            1 + counts.flip(1).cumsum(1, dtype=torch.int32).flip(1)[:, 1:] for counts in (self._predicted, self._hits)
        )
        return first, second

    def nearest(self, similarity: Similarity) -> Tensor:
        """Rows without a neighbour above the floor are compared with all others once more."""
        for rows in torch.split((self._nearest < 0).nonzero().flatten(), _FEW):
            values = similarity.block(rows, slice(None))
            values[torch.arange(len(rows), device=rows.device), rows] = -math.inf
            best, places = values.max(dim=1)
            self._nearest[rows] = torch.where(best > -math.inf, places, -1)
        return self._nearest


def _most(rows: Tensor, columns: Tensor, values: Tensor, count: int) -> tuple[Tensor, Tensor]:
    """The highest value of each of `count` rows, and the first column with it."""
    best = torch.full((count,), -math.inf, device=values.device).scatter_reduce_(0, rows, values, "amax")
    chosen = values == best[rows]
    places = torch.full((count,), len(values) + TILE, device=values.device)
    return best, places.scatter_reduce_(0, rows[chosen], columns[chosen], "amin")
