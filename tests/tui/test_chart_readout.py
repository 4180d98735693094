"""The readout: which value at which step, where a cursor can stand, and the table."""

import math

import numpy as np
import pytest
from curves import curve, text_of

from cockpit.tui.chart.axis import LINES, Layout, Ticks, layout
from cockpit.tui.chart.cursor import nearest_step, next_step
from cockpit.tui.chart.picture import Picture, Role
from cockpit.tui.chart.readout import Reading, draw_readout, has_room, in_order, reading
from cockpit.tui.chart.trace import series


@pytest.mark.parametrize(("step", "value"), [(10, 1.0), (14, 1.0), (20, 2.0), (30, 3.0)])
def test_a_reading_is_the_newest_value_as_of_the_step(step, value):
    line = series(curve([10, 20, 30], [1.0, 2.0, 3.0]))
    assert reading("t000", 0, line, step).value == value


@pytest.mark.parametrize("step", [9, 31])
def test_there_is_no_reading_before_and_after_a_line(step):
    found = reading("t000", 0, series(curve([10, 20, 30], [1.0, 2.0, 3.0])), step)
    assert math.isnan(found.value) and found.text == "—" and found.range_text == ""
    assert math.isnan(reading("t000", 0, series(curve([], [])), step).value)


def test_a_bucket_says_its_range():
    found = reading("t000", 0, series(curve([10], [0.4], low=[0.25], high=[0.5])), 10)
    assert (found.text, found.range_text) == ("0.4000", "0.2500 … 0.5000")


def test_readings_are_in_the_order_of_the_plot():
    readings = [Reading(str(value), 0, value, value, value) for value in (1.0, math.nan, 3.0, 2.0)]
    assert [found.label for found in in_order(readings)] == ["3.0", "2.0", "1.0", "nan"]


def table(readings, width=40, height=10, column=30, picture=None):
    place = Layout(width, height, 0, 0)
    picture = picture or Picture(width, height)
    draw_readout(picture, place, column, "step 120", readings, LINES)
    return picture


READINGS = [Reading(f"t{number:03d}", number, number / 7, 0.0, 0.0) for number in range(4)]


def test_the_table_says_step_and_values():
    lines = [line.strip() for line in text_of(table(READINGS))]
    assert lines[1:6] == ["step 120", "▌t003 0.4286", "▌t002 0.2857", "▌t001 0.1429", "▌t000 0.0000"]


def test_the_table_lies_opposite_to_the_cursor():
    assert table(READINGS, column=30).roles[1, 2] == Role.READOUT
    assert table(READINGS, column=3).roles[1, 37] == Role.READOUT


def test_the_table_keeps_off_what_is_drawn():
    picture = Picture(40, 12)
    for row in range(1, 6):
        picture.write(row, 0, "x" * 20, Role.LINE)
    assert text_of(table(READINGS[:2], height=12, picture=picture))[8].strip() == "step 120"


def test_lines_for_which_there_is_no_room_are_counted():
    lines = [line.strip() for line in text_of(table(READINGS, height=5))]
    assert lines[1:4] == ["step 120", "▌t003 0.4286", "3 more"]


def test_a_single_line_needs_no_name_but_says_its_range():
    lines = [line.strip() for line in text_of(table([Reading("t000", 0, 0.5, 0.25, 0.75)]))]
    assert lines[1:4] == ["step 120", "0.5000", "0.2500 … 0.7500"]


@pytest.mark.parametrize(("width", "height", "room"), [(40, 8, True), (12, 8, False), (40, 2, False), (40, 3, True)])
def test_a_small_plot_has_no_room(width, height, room):
    assert has_room(layout(width, height, Ticks())) is room


CURVES = [curve([0, 10, 20], [1.0, 1, 1]), curve([5, 100], [1.0, 1])]


@pytest.mark.parametrize(("wanted", "step"), [(-9, 0), (2, 0), (3, 5), (14, 10), (70, 100), (1e9, 100)])
def test_the_nearest_step_of_any_line(wanted, step):
    assert nearest_step(CURVES, wanted) == step


@pytest.mark.parametrize(
    ("step", "wanted", "found"), [(10, 11, 20), (10, 60, 20), (10, 90, 100), (10, 9, 5), (10, -50, 0), (100, 150, None)]
)
def test_the_next_step_lies_beyond_the_present_one(step, wanted, found):
    assert next_step(CURVES, step, wanted) == found


def test_no_values_no_step():
    assert nearest_step([], 5) is None
    assert nearest_step([curve([], [])], 5) is None
    assert next_step([curve([], [])], 5, 6) is None


def test_a_walk_reaches_every_step_and_comes_back():
    steps = np.unique(np.concatenate([line.steps for line in CURVES])).tolist()
    walked, at = [0], 0
    while (at := next_step(CURVES, at, at + 1)) is not None:
        walked.append(at)
    assert walked == steps
