"""How many charts stand on one page, side by side and one above the other."""

from __future__ import annotations

import math
from collections.abc import Iterator
from functools import lru_cache
from typing import NamedTuple

NARROWEST, LOWEST = 24, 7  # cells of a chart that can still be read
USUAL_WIDTH, USUAL_HEIGHT = 38, 9  # and of one that reads well
SHAPE = 4.2  # width to height, in cells, that a chart should have


class Grid(NamedTuple):
    """A page of `columns` by `rows` charts."""

    columns: int
    rows: int

    @property
    def charts(self) -> int:
        return self.columns * self.rows


@lru_cache(maxsize=8)
def grids(width: int, height: int) -> tuple[Grid, ...]:
    """The grids for an area of that size in cells, from one chart to as many as can still be read."""
    return tuple(_grids(width, height))


def _grids(width: int, height: int) -> Iterator[Grid]:
    grid = Grid(1, 1)
    while True:
        yield grid
        wider, higher = Grid(grid.columns + 1, grid.rows), Grid(grid.columns, grid.rows + 1)
        possible = [next_one for next_one in (wider, higher) if _fits(next_one, width, height)]
        if not possible:
            return
        grid = min(possible, key=lambda found: abs(math.log(_shape(found, width, height) / SHAPE)))


def _fits(grid: Grid, width: int, height: int) -> bool:
    return width // grid.columns >= NARROWEST and height // grid.rows >= LOWEST


def _shape(grid: Grid, width: int, height: int) -> float:
    return (width / grid.columns) / (height / grid.rows)


def chosen_grid(width: int, height: int, charts: int, wanted: int | None = None) -> Grid:
    """The grid of `wanted` charts or as many below that as there is room for; without a wish, one that reads well.

    It is never larger than the `charts` that there are ask for.
    """
    known = grids(width, height)
    enough = next((grid for grid in known if grid.charts >= charts), known[-1])
    if wanted is not None:
        fitting = [grid for grid in known if grid.charts <= max(1, wanted)]
    else:
        fitting = [grid for grid in known if _reads_well(grid, width, height)] or [known[0]]
    return min(fitting[-1], enough, key=lambda grid: grid.charts)


def _reads_well(grid: Grid, width: int, height: int) -> bool:
    return width // grid.columns >= USUAL_WIDTH and height // grid.rows >= USUAL_HEIGHT
