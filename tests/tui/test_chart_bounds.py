"""Where axes begin and end, and that they stay there."""

import math

import numpy as np
import pytest

from cockpit.tui.chart.bounds import step_scale, value_scale
from cockpit.tui.chart.scale import LARGEST, Scale

EDGES = (0.0, 1.0, -1.0, 5e-324, 1e-300, 1e-9, 0.3, 1e9, LARGEST, -LARGEST, 1e308, -1e308)


def test_bounds_are_round_and_hold_the_values():
    assert value_scale(0.4632, 1.0938, False) == Scale(0.45, 1.1)
    assert value_scale(3e-6, 4e-2, True) == Scale(2e-6, 0.05, True)
    assert value_scale(0.91, 0.96, True) == Scale(0.91, 0.96, True)


@pytest.mark.parametrize("log", [False, True])
def test_any_two_values_make_an_axis(log):
    for low in EDGES:
        for high in EDGES:
            if low > high or (log and low <= 0):
                continue
            scale = value_scale(low, high, log)
            assert scale.low < scale.high
            assert math.isfinite(scale.high - scale.low)
            places = scale.fractions(np.clip([low, high], 1e-290 if log else -LARGEST, LARGEST))
            assert np.all((places >= -1e-9) & (places <= 1 + 1e-9)), (low, high, scale)


@pytest.mark.parametrize("value", [0.95, 0.0, -3.0, 1e-320, 1e299])
def test_a_single_value_lies_within(value):
    place = value_scale(value, value, False).fraction(value)
    assert 0.1 < place < 0.9


def test_bounds_stay_while_values_fit_and_fill_them():
    before = value_scale(0.4, 1.1, False)
    assert value_scale(0.42, 1.08, False, before) is before
    assert value_scale(0.5, 0.95, False, before) is before
    assert value_scale(0.42, 1.2, False, before) != before
    assert value_scale(0.5, 0.6, False, before) != before
    assert value_scale(0.42, 1.08, True, before) != before
    assert value_scale(0.7, 0.7, False, before) is before


def test_logarithmic_bounds_stay_by_decades():
    before = value_scale(1e-6, 1e-1, True)
    assert value_scale(2e-6, 0.05, True, before) is before
    assert value_scale(1e-3, 0.1, True, before) != before


def test_a_growing_curve_changes_its_axis_of_values_only_a_few_times():
    scale, changes = None, 0
    for top in np.linspace(1.0, 2.0, 1000):
        now = value_scale(0.0, top, False, scale)
        changes += now is not scale
        scale = now
    assert changes <= 12


def test_the_axis_of_steps_moves_on_in_jumps():
    scales = [step_scale(0, last) for last in range(1, 10_000)]
    assert len(set(scales)) < 150
    for last, scale in enumerate(scales, start=1):
        assert scale.low == 0 and last <= scale.high <= max(last * 1.13, last + 1)


@pytest.mark.parametrize(("first", "last"), [(5, 5), (0, 0), (-7, -7), (-(2**60), 2**60), (655, 2310), (3, 1)])
def test_any_steps_make_an_axis(first, last):
    scale = step_scale(first, last)
    assert scale.low <= first < scale.high
    assert scale.high >= last


@pytest.mark.parametrize("scale", [Scale(2, 10), Scale(0.01, 100, log=True), Scale(-LARGEST, LARGEST)])
def test_places_and_values_are_inverse(scale):
    for place in (0.0, 0.25, 1.0):
        assert scale.fraction(scale.at(place)) == pytest.approx(place)
        assert scale.fractions(np.array([scale.at(place)]))[0] == pytest.approx(place)


def test_what_a_logarithmic_axis_cannot_show_has_no_place():
    places = Scale(1, 10, log=True).fractions(np.array([-1.0, 0.0, np.nan, 10.0]))
    assert np.isnan(places[:3]).all() and places[3] == pytest.approx(1)
