"""That verdicts are seldom wrong and see what is there, on few simulated searches; many by `python -m tests.bench`."""

from __future__ import annotations

import pytest

from cockpit.search.confirm import DEFAULT_PAIRS
from cockpit.store.paired import POWER

from .verdicts import EFFECT, FEW_PAIRS, MOST_WRONG, Tally, interval, tally

COUNT, MANY = 60, 300


@pytest.mark.parametrize("noise", ["normal noise", "collapsing runs"])
def test_where_nothing_is_better_nothing_is_found(noise: str) -> None:
    found = tally(noise, FEW_PAIRS, MANY)
    assert (found.better + found.worse) / MANY <= MOST_WRONG


def test_what_is_better_is_found_or_more_pairs_are_asked_for() -> None:
    found = tally("normal noise", DEFAULT_PAIRS, COUNT, effect=EFFECT)
    assert found.better / COUNT >= POWER - 0.05
    assert found == Tally(COUNT, found.better, 0, COUNT - found.better - found.without_pairs, found.without_pairs)


def test_few_pairs_say_so() -> None:
    found = tally("normal noise", FEW_PAIRS, COUNT, effect=EFFECT)
    assert found.asking > COUNT / 2
    assert found.better + found.worse + found.asking + found.without_pairs == COUNT


def test_the_interval_of_a_rate_holds_it() -> None:
    assert interval(50, 1000) == pytest.approx((0.0381, 0.0653), abs=1e-4)
    assert interval(0, 200)[0] == pytest.approx(0.0, abs=1e-12)
