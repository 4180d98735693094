"""Correlations of CV and LB: the numbers, their intervals, and what may be said of them."""

from __future__ import annotations

import random

import pytest
from scipy import stats

from cockpit.store.agreement import agreement

# Validation AUC and score of the versions of a real submission log whose predictions stand for themselves.
SINGLE = {
    "V6": (0.95572, 0.9421), "V11": (0.94894, 0.9310), "V13": (0.95234, 0.9411), "V14": (0.95022, 0.9423),
    "V16": (0.95030, 0.9393), "V17": (0.95049, 0.9409), "V18": (0.95114, 0.9386), "V19": (0.95422, 0.9393),
    "V21": (0.94887, 0.9408), "V22": (0.95609, 0.9360),
}  # fmt: skip


def test_a_real_log_whose_validation_says_nothing_of_the_leaderboard():
    found = agreement(list(SINGLE.values()))
    assert found.pairs == 10
    assert round(found.spearman.value, 2) == -0.01
    assert found.spearman.low < -0.5 and found.spearman.high > 0.5
    assert "Spearman -0.01 [-0.65, +0.64]" in found.text
    assert found.text.endswith("whether a better CV goes with a better LB cannot be told")


def test_it_is_what_scipy_says_with_ties_too():
    generator = random.Random(5)
    for count in (4, 9, 40):
        pairs = [(generator.randrange(6) / 7, generator.random()) for _ in range(count)]
        found = agreement(pairs)
        pearson = stats.pearsonr(*zip(*pairs, strict=True))
        assert found.spearman.value == pytest.approx(stats.spearmanr(*zip(*pairs, strict=True)).statistic)
        assert found.pearson.value == pytest.approx(pearson.statistic)
        assert (found.pearson.low, found.pearson.high) == pytest.approx(tuple(pearson.confidence_interval(0.95)))


def test_intervals_hold_in_19_of_20_draws():
    generator = random.Random(11)
    held = 0
    for _ in range(1000):
        pairs = [(x, 0.6 * x + 0.8 * generator.gauss(0, 1)) for x in (generator.gauss(0, 1) for _ in range(12))]
        found = agreement(pairs).pearson
        held += found.low < 0.6 < found.high
    assert 930 <= held <= 970


@pytest.mark.parametrize("pairs", [[], [(1, 1), (2, 2)], [(1, 1)] * 5, [(1, 2), (2, 2), (3, 2)]])
def test_nothing_is_said_of_too_few_or_of_no_differences(pairs):
    assert agreement(pairs) is None


def test_values_that_are_not_finite_do_not_count():
    assert agreement([(1, 1), (2, 2), (float("nan"), 3), (3, float("inf"))]) is None


def test_what_is_said_follows_the_interval():
    up = [(n, n + 0.1 * (n % 3)) for n in range(12)]
    assert agreement(up).text.endswith("a better CV goes with a better LB")
    assert agreement([(n, -m) for n, m in up]).text.endswith("a better CV goes with a worse LB")
    three = agreement([(1, 1), (2, 3), (3, 2)])
    assert (three.spearman.low, three.text.endswith("too few to tell")) == (None, True)
    assert agreement([(n, n) for n in range(5)]).spearman.value == 1.0
