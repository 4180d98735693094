"""How many charts stand on a page."""

from itertools import pairwise

import pytest

from cockpit.tui.grid import LOWEST, NARROWEST, Grid, chosen_grid, grids

SIZES = [(80, 21), (80, 12), (200, 38), (200, 57), (160, 29), (400, 100)]


@pytest.mark.parametrize(("width", "height"), SIZES)
def test_grids_grow_one_row_or_column_at_a_time_as_long_as_charts_can_be_read(width, height):
    known = grids(width, height)
    assert known[0] == Grid(1, 1)
    for before, after in pairwise(known):
        assert (after.columns - before.columns, after.rows - before.rows) in ((1, 0), (0, 1))
    for grid in known:
        assert width // grid.columns >= NARROWEST
        assert height // grid.rows >= LOWEST
    last = known[-1]
    assert width // (last.columns + 1) < NARROWEST
    assert height // (last.rows + 1) < LOWEST


def test_twenty_charts_have_room_on_a_large_screen():
    assert chosen_grid(200, 38, charts=20).charts == 20
    assert chosen_grid(200, 57, charts=20).charts == 20


def test_unasked_a_page_has_no_more_charts_than_read_well():
    assert chosen_grid(80, 21, charts=20) == Grid(2, 2)


def test_few_charts_are_as_large_as_they_can_be():
    assert chosen_grid(200, 57, charts=1) == Grid(1, 1)
    assert chosen_grid(200, 57, charts=2).charts == 2
    assert chosen_grid(200, 57, charts=0) == Grid(1, 1)


def test_a_wish_holds_as_far_as_there_is_room():
    assert chosen_grid(200, 38, charts=20, wanted=1) == Grid(1, 1)
    assert chosen_grid(200, 38, charts=20, wanted=6) == Grid(3, 2)
    assert chosen_grid(80, 12, charts=20, wanted=16) == grids(80, 12)[-1]


@pytest.mark.parametrize(("width", "height"), [(20, 5), (1, 1), (0, 0)])
def test_a_tiny_area_has_one_chart(width, height):
    assert grids(width, height) == (Grid(1, 1),)
    assert chosen_grid(width, height, charts=20) == Grid(1, 1)
