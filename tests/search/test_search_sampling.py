"""Which configuration comes next."""

from __future__ import annotations

from itertools import islice

import pytest

from cockpit.search.reader import loads
from cockpit.search.sampling import count, proposals, propose, random_point, uniform
from cockpit.search.space import Categorical, Uniform
from cockpit.search.spec import Search
from cockpit.search.values import identity

GRID = "method: grid\ntrainer: toy\nparameters:\n  b: {values: [1, 2]}\n  a: {values: [x, y]}\n  c: {value: 0}\n"
RANDOM = "method: random\ntrainer: toy\nparameters:\n  b: {values: [1, 2]}\n  a: {min: 0.0, max: 1.0}\n"


def points(search: Search) -> list[tuple[object, ...]]:
    return [tuple(point.values()) for point in proposals(search)]


def test_grid_is_sorted_by_name_with_the_last_turning_fastest() -> None:
    search = loads(GRID)
    assert list(propose(search, 0) or {}) == ["a", "b", "c"]
    assert points(search) == [("x", 1, 0), ("x", 2, 0), ("y", 1, 0), ("y", 2, 0)]
    assert count(search) == 4 and propose(search, 4) is None


def test_grid_takes_each_value_once() -> None:
    search = loads(GRID.replace("[1, 2]", "[3, 3.0, 3, true, 1, '3']"))
    assert [row[1] for row in points(search)][:4] == [3, True, 1, "3"]
    assert count(search) == 8


@pytest.mark.parametrize(
    ("baseline", "expected"),
    [
        ("{a: y, b: 1.0}", [("y", 1, 0), ("x", 1, 0), ("x", 2, 0), ("y", 2, 0)]),
        ("{a: x, b: 1}", [("x", 1, 0), ("x", 2, 0), ("y", 1, 0), ("y", 2, 0)]),
        ("{a: y, b: 2, c: 0}", [("y", 2, 0), ("x", 1, 0), ("x", 2, 0), ("y", 1, 0)]),
        ("{a: y, b: 7}", [("y", 7, 0), ("x", 1, 0), ("x", 2, 0), ("y", 1, 0), ("y", 2, 0)]),
    ],
)
def test_the_baseline_comes_first_and_only_once(baseline: str, expected: list[tuple[object, ...]]) -> None:
    search = loads(GRID + f"baseline: {baseline}")
    assert points(search) == expected
    assert count(search) == len(expected)


def test_initial_points_come_after_the_baseline_and_not_again() -> None:
    search = loads(GRID + "baseline: {a: y, b: 7}\ninitial: [{a: y, b: 2}, {a: x}, {b: 1}, {a: y, b: 2.0}]")
    first = [("y", 7, 0), ("y", 2, 0), ("x", 7, 0), ("y", 1, 0)]
    assert points(search) == [*first, ("x", 1, 0), ("x", 2, 0)]
    assert count(search) == 6
    assert [propose(search, index) for index in (5, 6)] == [{"a": "x", "b": 2, "c": 0}, None]


def test_what_an_initial_point_leaves_open_is_sampled_where_there_is_no_baseline() -> None:
    search = loads(RANDOM + "run_cap: 6\ninitial: [{b: 2}, {a: 0.25}]")
    found = list(proposals(search))
    assert found[0]["b"] == 2 and 0.0 < found[0]["a"] < 1.0 and found[1]["a"] == 0.25
    assert len({point["a"] for point in found}) == count(search) == len(found) == 6
    assert found == [propose(search, index) for index in range(6)]


def test_points_that_are_done_are_left_out_but_for_the_first() -> None:
    search = loads(GRID + "baseline: {a: x, b: 1}\nrun_cap: 3")
    done = [{"c": 0, "a": "x", "b": 1}, {"a": "x", "b": 2.0, "c": 0}, {"a": "z", "b": 1, "c": 0}]
    found = [tuple(point.values()) for point in proposals(search, {identity(point) for point in done})]
    assert found == [("x", 1, 0), ("y", 1, 0), ("y", 2, 0)] and count(search, done) == 3


def test_run_cap_counts_the_baseline() -> None:
    search = loads(GRID + "baseline: {a: y, b: 7}\nrun_cap: 3")
    assert points(search) == [("y", 7, 0), ("x", 1, 0), ("x", 2, 0)] and count(search) == 3
    assert count(loads(GRID + "run_cap: 30")) == 4


def test_a_huge_grid_is_never_built() -> None:
    axes = "".join(f"  p{index}: {{min: 0, max: 999}}\n" for index in range(6))
    search = loads(f"method: grid\ntrainer: toy\nparameters:\n{axes}")
    assert count(search) == 1000**6
    assert list((propose(search, 1000**6 - 2) or {}).values()) == [999, 999, 999, 999, 999, 998]


def test_random_proposals_depend_on_seed_and_index_alone() -> None:
    search = loads(RANDOM + "run_cap: 20\nbaseline: {a: 0.5, b: 2}")
    rows = list(proposals(search))
    assert rows[0] == {"a": 0.5, "b": 2} and len(rows) == count(search) == 20
    assert [propose(search, index) for index in reversed(range(20))] == rows[::-1]
    assert rows[1:] != list(proposals(search.with_overrides(seed=1)))[1:]
    assert len({row["a"] for row in rows}) == 20


def test_random_goes_on_without_run_cap() -> None:
    search = loads(RANDOM)
    assert count(search) is None and len(list(islice(proposals(search), 50))) == 50


def test_a_draw_does_not_depend_on_the_other_parameters() -> None:
    alone = random_point({"a": Uniform(0.0, 1.0)}, 3, 5)
    beside = random_point({"z": Categorical((1, 2)), "a": Uniform(0.0, 1.0)}, 3, 5)
    assert beside["a"] == alone["a"]


def test_uniform_is_open_even_and_frozen() -> None:
    draws = [uniform(0, index, "lr") for index in range(2000)]
    assert 0 < min(draws) < 0.01 and 0.99 < max(draws) < 1
    assert all(150 < sum(k / 10 <= u < (k + 1) / 10 for u in draws) < 250 for k in range(10))
    # A resumed sweep has to propose what it would have proposed: this number must never change.
    assert uniform(0, 1, "lr") == 0.870093169071484


def test_bayes_has_a_baseline_and_nothing_else_here() -> None:
    text = RANDOM.replace("random", "bayes") + "metric: {name: loss}\nbaseline: {a: 0.5, b: 2}\nrun_cap: 9"
    search = loads(text)
    assert propose(search, 0) == {"a": 0.5, "b": 2} and count(search) == 9
    with pytest.raises(ValueError, match="method bayes proposes by results"):
        propose(search, 1)
