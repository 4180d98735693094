"""What a learning-rate range test makes of losses."""

from __future__ import annotations

import math
import random
from itertools import pairwise

import pytest

from trainers.contract import InputError
from trainers.lr_range import LrRange, RangeTest

WIDE = LrRange(low=1e-6, high=1.0, steps=240)  # 40 steps a decade


def losses_of(curve, noise: float = 0.0, over: LrRange = WIDE, seed: int = 0) -> RangeTest:
    """A test of losses that are a function of the logarithm of the rate."""
    drawn, test = random.Random(seed), RangeTest(over)
    while not test.is_over:
        rate = over.rate(len(test.losses) + 1)
        test.take(curve(math.log10(rate)) + drawn.gauss(0, noise))
    return test


def sigmoid(x: float) -> float:
    return 1 / (1 + math.exp(-x))


def falling(x: float) -> float:
    """Falls around 1e-3 from 2.3 to 0.3, and explodes from 1e-1 on."""
    return 0.3 + 2 * sigmoid(-4 * (x + 3)) + math.exp(max(0.0, 12 * (x + 1))) - 1


def test_rates_grow_by_one_factor_from_the_first_to_the_last():
    over = LrRange(low=1e-7, high=1e-2, steps=200)
    rates = [over.rate(step) for step in range(1, 201)]
    assert (rates[0], rates[-1]) == (1e-7, 1e-2)
    assert all(after / before == pytest.approx(over.factor) for before, after in pairwise(rates))


def test_a_range_has_to_grow():
    with pytest.raises(InputError, match=r"from 0\.01 to 0\.001: it has to grow"):
        LrRange(low=1e-2, high=1e-3).check()


def test_the_smoothed_loss_is_corrected_for_its_beginning():
    test = RangeTest(WIDE)
    assert [test.take(2.0) for _ in range(3)] == pytest.approx([2.0, 2.0, 2.0])
    assert test.take(1.0) == pytest.approx((2 * (0.9 + 0.81 + 0.729) + 1) / (1 + 0.9 + 0.81 + 0.729))


@pytest.mark.parametrize("noise", [0.0, 0.05, 0.3])
def test_the_steepest_fall_is_suggested_and_the_explosion_told(noise):
    test = losses_of(falling, noise)
    found = test.found()
    assert found.suggested is not None and 4e-4 < found.suggested < 2.5e-3
    assert found.lowest is not None and found.suggested < found.lowest < 0.2
    assert found.exploding is not None and 0.1 < found.exploding < 0.5
    assert len(test.losses) < WIDE.steps


def test_a_suggestion_can_be_typed_as_it_is_shown():
    suggested = losses_of(falling).found().suggested
    assert suggested == float(f"{suggested:.1e}")


@pytest.mark.parametrize("seed", range(20))
def test_noise_alone_suggests_nothing(seed):
    found = losses_of(lambda x: 2.0, noise=0.3, seed=seed).found()
    assert (found.suggested, found.exploding) == (None, None)


def test_a_loss_that_only_rises_suggests_nothing():
    assert losses_of(lambda x: 2.0 + 0.1 * (x + 6), noise=0.01).found().suggested is None


def test_a_small_fall_in_much_noise_is_seen_over_more_steps():
    found = losses_of(lambda x: 0.2 * sigmoid(-4 * (x + 3)) + 0.8, noise=0.1).found()
    assert found.suggested is not None and 1e-4 < found.suggested < 1e-2


@pytest.mark.parametrize("bad", [math.nan, math.inf, -math.inf])
def test_a_loss_that_is_no_number_is_an_explosion(bad):
    test = RangeTest(WIDE)
    for _ in range(50):
        test.take(1.0)
    assert math.isnan(test.take(bad))
    assert test.is_over and test.exploding == WIDE.rate(51)
    assert test.found().lowest_loss == pytest.approx(1.0)


def test_nothing_is_told_where_the_first_loss_is_no_number():
    test = RangeTest(WIDE)
    test.take(math.nan)
    found = test.found()
    assert (found.suggested, found.lowest, found.exploding) == (None, None, WIDE.low)


def test_a_lucky_first_loss_is_neither_the_lowest_nor_the_measure_of_an_explosion():
    test = RangeTest(WIDE)
    test.take(0.1)
    for step in range(2, WIDE.steps + 1):
        test.take(falling(math.log10(WIDE.rate(step))) if WIDE.rate(step) < 0.1 else 0.3)
    found = test.found()
    assert found.exploding is None and found.lowest is not None and found.lowest > 1e-2
    assert found.suggested is not None and 4e-4 < found.suggested < 2.5e-3


def test_negative_losses_may_explode_too():
    test = losses_of(lambda x: -1 - sigmoid(4 * (x + 3)) + math.exp(max(0.0, 12 * (x + 1))) - 1)
    assert test.exploding is not None and test.found().suggested is not None


def test_a_short_test_is_told_from_as_many_steps_as_it_has():
    over = LrRange(low=1e-4, high=1e-2, steps=10)
    found = losses_of(lambda x: -x, over=over).found()
    assert found.suggested is not None and over.low < found.suggested < over.high
