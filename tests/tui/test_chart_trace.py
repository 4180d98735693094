"""Curves made ready to be drawn."""

import numpy as np
import pytest
from curves import curve, nasty

from cockpit.tui.chart.scale import Scale
from cockpit.tui.chart.trace import dense, series, trace

NAN = np.nan


def test_a_clean_curve_is_taken_as_it_is():
    line = series(curve([0, 1, 2], [3.0, 2.0, 1.0]))
    assert line.value.tolist() == [3, 2, 1]
    assert not line.flagged.any() and not line.nonpositive


def test_missing_values_are_gaps_and_flagged():
    line = series(curve([0, 1, 2], [3.0, NAN, 1.0]))
    assert np.isnan(line.low[1]) and np.isnan(line.high[1]) and np.isnan(line.value[1])
    assert line.flagged.tolist() == [False, True, False]


def test_a_bucket_with_some_missing_values_is_flagged_but_drawn():
    line = series(curve([0, 1], [3.0, 2.0], missing=[0, 4]))
    assert line.value.tolist() == [3, 2]
    assert line.flagged.tolist() == [False, True]


def test_what_is_finite_beside_an_infinite_value_is_drawn():
    line = series(curve([0, 1, 2], [np.inf, NAN, np.inf], low=[1.0, NAN, np.inf], high=[np.inf, NAN, np.inf]))
    assert (line.low[0], line.high[0], line.value[0]) == (1, 1, 1)
    assert np.isnan(line.value[1:]).all()
    assert line.flagged.all()


def test_values_beyond_what_can_be_drawn_count_as_infinite():
    line = series(curve([0, 1], [1e308, 2.0]))
    assert np.isnan(line.value[0]) and line.flagged.tolist() == [True, False]


def test_a_logarithmic_axis_leaves_out_what_is_not_positive_and_says_so():
    line = series(curve([0, 1, 2], [0.5, -1.0, 4.0], low=[-2.0, -3.0, 3.0], high=[2.0, 0.0, 5.0]), log=True)
    assert (line.low[0], line.high[0], line.value[0]) == (0.5, 2, 0.5)
    assert np.isnan(line.value[1])
    assert line.nonpositive and not line.flagged.any()
    assert not series(curve([0], [1.0]), log=True).nonpositive


def test_smoothing_changes_the_line_and_not_the_envelope():
    given = curve([0, 1, 2], [0.0, 10.0, 0.0])
    line = series(given, smoothing=0.9)
    assert line.low is given.low
    assert line.value.tolist() == pytest.approx([0, 10 / 1.9, 9 / 2.71])


def test_a_smoothed_logarithmic_line_keeps_to_what_is_drawn():
    line = series(curve([0, 1, 2], [-1.0, 2.0, 4.0]), smoothing=0.5, log=True)
    assert np.isnan(line.value[0]) and (line.value[1:] > 0).all()


def test_neighbours_are_gathered_into_columns_with_their_extremes():
    steps = np.arange(1000)
    values = np.zeros(1000)
    values[617] = 9.0
    found = trace(series(curve(steps, values)), Scale(0, 999), 10)
    assert found.columns.tolist() == list(range(10))
    assert found.high.max() == 9 and found.low.max() == 0
    assert np.argmax(found.high) == round(617 / 999 * 9)
    assert found.value.sum() == pytest.approx(9 / np.count_nonzero(np.rint(steps / 999 * 9) == 6))


def test_missing_values_do_not_count_in_a_mean():
    found = trace(series(curve([0, 1, 2, 3], [4.0, NAN, NAN, NAN])), Scale(0, 3), 2)
    assert found.value[0] == 4 and np.isnan(found.value[1])
    assert found.flagged.tolist() == [0, 1, 1]


def test_a_window_keeps_one_point_beyond_each_edge():
    found = trace(series(curve([0, 10, 20, 30, 40], [0.0, 1, 2, 3, 4])), Scale(15, 25), 11)
    assert found.value.tolist() == [1, 2, 3]
    assert found.columns.tolist() == [-5, 5, 15]
    rows = dense(found.columns, found.value, 11)
    assert rows[0] == pytest.approx(1.5) and rows[10] == pytest.approx(2.5)


def test_a_line_goes_straight_between_points_and_not_across_gaps():
    columns = np.array([1, 4, 6, 9])
    rows = dense(columns, np.array([0.0, 3.0, NAN, 9.0]), 12)
    assert rows[1:5].tolist() == [0, 1, 2, 3]
    assert np.isnan(rows[[0, 5, 6, 7, 8, 10, 11]]).all()
    assert rows[9] == 9
    assert np.isnan(dense(columns, np.full(4, NAN), 5)).all()


def test_no_values_in_view_is_no_trouble():
    line = series(curve([100, 200], [1.0, 2.0]))
    for axis in (Scale(0, 10), Scale(500, 600)):
        found = trace(line, axis, 20)
        inside = (found.columns >= 0) & (found.columns < 20)
        assert not inside.any()
    empty = trace(series(curve([], [])), Scale(0, 10), 20)
    assert len(empty.columns) == 0


def test_anything_can_be_traced():
    generator = np.random.default_rng(4)
    for _ in range(200):
        given = nasty(generator)
        line = series(given, float(generator.choice([0, 0.9])), bool(generator.integers(2)))
        assert np.array_equal(np.isnan(line.low), np.isnan(line.high))
        assert not np.isinf(line.low).any() and not np.isinf(line.high).any() and not np.isinf(line.value).any()
        found = trace(line, Scale(-100.0, 5000.0), 37)
        assert np.all(np.diff(found.columns) > 0)
        known = ~np.isnan(found.value) & ~np.isnan(found.low)
        assert np.all(found.low[known] <= found.high[known])
