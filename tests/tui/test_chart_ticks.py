"""Ticks: round, few, within the axis; and what stands at them."""

import re

import numpy as np
import pytest

from cockpit.tui.chart.scale import LARGEST, Scale
from cockpit.tui.chart.ticks import even_labels, nice_step, tick_label, tick_labels, ticks


@pytest.mark.parametrize(
    ("least", "step"),
    [(1, 1), (1.1, 2), (2, 2), (2.1, 5), (5.5, 10), (0.16, 0.2), (0.2, 0.2), (3e-7, 5e-7), (7e12, 1e13)],
)
def test_a_nice_step_is_the_least_that_is_enough(least, step):
    assert nice_step(least) == step


@pytest.mark.parametrize("least", [0, -1, float("nan"), float("inf")])
def test_no_step_for_what_is_no_positive_number(least):
    assert nice_step(least) == 1


@pytest.mark.parametrize(
    ("low", "high", "most", "expected"),
    [
        (0.4, 1.1, 4, [0.4, 0.6, 0.8, 1.0]),
        (0, 2400, 6, [0, 500, 1000, 1500, 2000]),
        (-1, 1, 5, [-1, -0.5, 0, 0.5, 1]),
        (0, 1, 0, []),
    ],
)
def test_linear_ticks(low, high, most, expected):
    assert ticks(Scale(low, high), most) == pytest.approx(expected)


@pytest.mark.parametrize(
    ("low", "high", "most", "expected"),
    [
        (1e-6, 1e-3, 5, [1e-6, 1e-5, 1e-4, 1e-3]),
        (1e-9, 1, 4, [1e-9, 1e-6, 1e-3, 1]),
        (0.2, 3, 5, [0.2, 0.5, 1, 2]),
        (0.9, 0.96, 4, [0.9, 0.92, 0.94, 0.96]),
    ],
)
def test_logarithmic_ticks(low, high, most, expected):
    assert ticks(Scale(low, high, log=True), most) == pytest.approx(expected)


def random_scales():
    generator = np.random.default_rng(2)
    for _ in range(400):
        middle, span = generator.normal(0, 1) * 10.0 ** generator.integers(-300, 299), 10.0 ** generator.uniform(-9, 1)
        low, high = middle - span * abs(middle), middle + span * abs(middle)
        yield Scale(max(-LARGEST, low), min(LARGEST, high))
        if 0 < low < high:
            yield Scale(low, high, log=True)


def test_ticks_of_any_axis_are_few_ascending_and_within():
    for scale in random_scales():
        for most in (1, 2, 5):
            values = ticks(scale, most)
            assert len(values) <= most
            assert values == sorted(set(values))
            room = (scale.high - scale.low) * 1e-6
            assert all(scale.low - room <= value <= scale.high + room for value in values)


@pytest.mark.parametrize(
    ("value", "label"),
    [
        (0, "0"),
        (0.25, "0.25"),
        (1200, "1.2k"),
        (2_300_000, "2.3M"),
        (5e9, "5G"),
        (2e12, "2T"),
        (3e-5, "3e-05"),
        (-3.5e-5, "-3.5e-05"),
        (0.001, "0.001"),
        (999.96, "1000"),
        (1e20, "1e+20"),
        (-1500, "-1.5k"),
    ],
)
def test_labels(value, label):
    assert tick_label(value) == label


@pytest.mark.parametrize(
    ("values", "labels"),
    [
        ([0.4, 0.6000000000000001, 0.8, 1.0], ["0.4", "0.6", "0.8", "1.0"]),
        ([0, 500, 1000], ["0", "0.5k", "1.0k"]),
        ([0.9561, 0.9562, 0.9563], ["0.9561", "0.9562", "0.9563"]),
        ([0.95611, 0.95612, 0.95613], ["0.9561", "+1e-05", "+2e-05"]),
        ([1.0001, 1.0002], ["1", "+1e-04"]),
        ([1e-5, 2e-5], ["1e-05", "2e-05"]),
        ([0.5], ["0.5"]),
        ([], []),
    ],
)
def test_labels_below_each_other(values, labels):
    assert even_labels(values) == labels


def test_labels_beside_each_other_are_as_short_as_they_can_be():
    assert tick_labels([0, 500, 1000, 1500]) == ["0", "500", "1k", "1.5k"]
    assert tick_labels([999_900, 999_950]) == ["999.9k", "+50"]


def test_no_label_has_more_than_four_digits_and_all_differ():
    for scale in random_scales():
        for labels in (even_labels(ticks(scale, 5)), tick_labels(ticks(scale, 5))):
            assert len(set(labels)) == len(labels), (scale, labels)
            for label in labels:
                digits = re.sub(r"e.*|[^0-9]", "", label).lstrip("0")
                assert len(digits) <= 4, (scale, labels)
