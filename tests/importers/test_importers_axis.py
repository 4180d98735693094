"""One axis of steps, whatever a program counts."""

import random

import pytest

from cockpit.importers.axis import Axis


def placed(*rows, evaluates=False):
    axis = Axis()
    return [axis.place(phase, names, step, evaluates) for phase, names, step in rows]


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ([10, 20, 30], [10, 20, 30]),
        ([0, 1, 2, 0, 1, 2], [0, 1, 2, 3, 4, 5]),
        ([1, 2, 3, 1, 2, 3], [1, 2, 3, 4, 5, 6]),
        ([50, 100, 50, 100], [50, 100, 150, 200]),
        ([0, 0, 0], [0, 1, 2]),
        ([None, None, None], [0, 1, 2]),
        ([10, 20, 30, 25, 30, 40], [10, 20, 30, 31, 36, 46]),  # taken up again in the midst
        ([5, None, 6, None], [5, 6, 7, 8]),
    ],
)
def test_a_counter_goes_on(given, expected):
    assert placed(*(("train", ["loss"], step) for step in given)) == expected


def test_other_metrics_may_stand_at_the_same_step():
    assert placed(("train", ["loss"], 5), ("train", ["lr"], 5), ("train", ["lr"], 6)) == [5, 5, 6]


def test_an_evaluation_stands_where_the_training_is():
    axis = Axis()
    found = []
    for _ in range(2):
        for step in (1, 2, 3):
            axis.place("train", ["loss"], step)
        found.append(axis.place("valid", ["auc"], 3, evaluates=True))
        found.append(axis.place("valid", ["auc_of_all"], None, evaluates=True))
    assert found == [3, 3, 6, 6]


def test_a_metric_never_has_two_values_at_one_step():
    for seed in range(200):
        rng = random.Random(seed)
        axis = Axis()
        taken = set()
        for _ in range(60):
            names = rng.sample(["a", "b", "c"], rng.randint(1, 3))
            phase, evaluates = rng.choice([("train", False), ("valid", True), ("test", True), ("tune", False)])
            step = axis.place(phase, names, rng.choice([None, rng.randint(0, 9)]), evaluates)
            places = {(phase, name, step) for name in names}
            assert step >= 0 and taken.isdisjoint(places)
            taken |= places
