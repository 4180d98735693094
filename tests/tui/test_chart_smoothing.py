"""The moving average is TensorBoard's."""

import numpy as np
import pytest

from cockpit.tui.chart.smoothing import smoothed


def one_after_the_other(values, weight):
    """The formula as it is written down, in a loop."""
    shown, last, count = [], 0.0, 0
    for value in values:
        if not np.isfinite(value):
            shown.append(value)
            continue
        last = last * weight + (1 - weight) * value
        count += 1
        shown.append(last / (1 - weight**count))
    return np.array(shown)


@pytest.mark.parametrize("weight", [0.01, 0.3, 0.6, 0.9, 0.97, 0.99])
@pytest.mark.parametrize("count", [1, 2, 31, 32, 33, 1000, 2048])
def test_it_is_what_the_formula_says(weight, count):
    values = np.random.default_rng(count).normal(3, 2, count)
    assert smoothed(values, weight) == pytest.approx(one_after_the_other(values, weight), rel=1e-9)


def test_missing_values_are_skipped_and_stay_missing():
    values = np.random.default_rng(0).normal(0, 1, 300)
    values[[0, 5, 6, 100]] = np.nan
    values[[7, 200]] = np.inf, -np.inf
    found = smoothed(values, 0.9)
    expected = one_after_the_other(values, 0.9)
    assert np.array_equal(np.isnan(found), np.isnan(values))
    assert found[7] == np.inf and found[200] == -np.inf
    there = np.isfinite(values)
    assert found[there] == pytest.approx(expected[there], rel=1e-9)


def test_the_first_value_is_not_drawn_to_zero():
    assert smoothed(np.array([5.0, 5.0, 5.0]), 0.99) == pytest.approx([5, 5, 5])


def test_no_weight_and_nothing_to_smooth_change_nothing():
    values = np.array([1.0, np.nan, 3.0])
    assert smoothed(values, 0.0) is values
    missing = np.array([np.nan, np.inf])
    assert smoothed(missing, 0.9) is missing
    assert len(smoothed(np.array([]), 0.9)) == 0


def test_the_values_given_are_left_alone():
    values = np.array([1.0, 2.0, np.nan, 3.0])
    smoothed(values, 0.5)
    assert values.tolist()[:2] == [1, 2] and values[3] == 3


def test_a_stronger_weight_than_the_strongest_is_that():
    values = np.random.default_rng(1).normal(0, 1, 100)
    assert np.array_equal(smoothed(values, 1.0), smoothed(values, 0.99))


def test_large_values_stay_numbers():
    assert np.isfinite(smoothed(np.full(2000, 1e300), 0.99)).all()
