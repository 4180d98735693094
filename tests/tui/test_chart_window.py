"""Zoom, pan and following the newest steps."""

import numpy as np
import pytest

from cockpit.tui.chart.window import LEAST_WIDTH, Extent, Window, panned, within, zoomed

ALL = Extent(0, 1000)


def test_zooming_in_stays_with_the_newest_steps():
    first = zoomed(None, ALL, 0.5)
    assert first == Window(500, None, 500)
    assert zoomed(first, ALL, 0.5) == Window(750, None, 250)
    assert zoomed(first, ALL, 2) is None


def test_an_anchor_keeps_its_place():
    window = zoomed(None, ALL, 0.5, anchor=200)
    assert window == Window(100, 600, 500)
    assert (200 - 100) / 500 == 200 / 1000
    assert zoomed(window, ALL, 0.5, anchor=350) == Window(225, 475, 250)


@pytest.mark.parametrize("anchor", [880, 1000, 5000])
def test_near_the_newest_steps_the_newest_are_the_anchor(anchor):
    assert zoomed(None, ALL, 0.5, anchor) == Window(500, None, 500)


def test_a_window_in_the_middle_zooms_around_its_middle():
    assert zoomed(Window(400, 600, 200), ALL, 0.5) == Window(450, 550, 100)
    assert zoomed(Window(400, 600, 200), ALL, 2) == Window(300, 700, 400)


def test_zooming_out_ends_at_all_steps():
    assert zoomed(Window(100, 600, 500), ALL, 100) is None
    assert zoomed(Window(10, 600, 590), ALL, 1.7) == Window(0, 807, 1003)
    assert zoomed(None, ALL, 2) is None


def test_zooming_in_ends_at_a_few_steps():
    window = None
    for _ in range(50):
        window = zoomed(window, ALL, 0.5, anchor=300)
    assert window is not None and window.last - window.first == LEAST_WIDTH
    assert window.first <= 300 <= window.last


def test_panning_moves_by_a_part_and_ends_at_the_edges():
    window = Window(400, 600, 200)
    assert panned(window, ALL, 0.5) == Window(500, 700, 200)
    assert panned(window, ALL, -0.5) == Window(300, 500, 200)
    assert panned(window, ALL, -9) == Window(0, 200, 200)
    assert panned(window, ALL, 9) == Window(800, None, 200)
    assert panned(None, ALL, 0.5) is None
    assert panned(Window(800, None, 200), ALL, 0.5) == Window(800, None, 200)
    assert panned(Window(800, None, 200), ALL, -0.5) == Window(700, 900, 200)


def test_following_moves_in_jumps():
    window = Window(800, None, 200)
    assert window.followed(Extent(0, 1100)) is window
    assert window.followed(Extent(0, 1101)) == Window(901, None, 200)
    assert Window(800, None).followed(Extent(0, 5000)) == Window(800, None)
    fixed = Window(400, 600, 200)
    assert fixed.followed(Extent(0, 5000)) is fixed


def test_the_end_of_a_window():
    assert Window(10, 20, 10).end(ALL) == 20
    assert Window(10, None, 10).end(ALL) == 1000
    assert Window(5000, None, 10).end(ALL) == 5001


def test_a_window_that_holds_everything_is_none():
    assert within(Window(-5, 2000, 9), ALL) is None
    assert within(Window(0, None, 9), ALL) is None
    assert within(Window(-5, 700, 9), ALL) == Window(0, 700, 9)


def test_extents_join():
    assert Extent(3, 5).joined(None) == Extent(3, 5)
    assert Extent(3, 5).joined(Extent(4, 9)) == Extent(3, 9)


def test_any_sequence_of_moves_keeps_the_window_in_order():
    generator = np.random.default_rng(3)
    for extent in (ALL, Extent(7, 7), Extent(-(2**61), 2**61), Extent(0, 1)):
        window = None
        for _ in range(300):
            if generator.random() < 0.5:
                anchor = generator.choice([None, extent.first, extent.last, -1e30, (extent.first + extent.last) / 2])
                window = zoomed(window, extent, float(generator.choice([0.5, 0.8, 1.25, 2])), anchor)
            else:
                window = panned(window, extent, float(generator.uniform(-2, 2)))
            if window is not None:
                assert extent.first <= window.first <= window.end(extent) <= max(extent.last, window.first + 1)
