"""The Pareto front, against its definition."""

from __future__ import annotations

import math
import random

import pytest

from cockpit.store.pareto import front, front_trials
from cockpit.store.reader import Index


def beats(one: list[float], other: list[float], goals: list[str]) -> bool:
    signs = [1 if goal == "maximize" else -1 for goal in goals]
    pairs = [(a * sign, b * sign) for a, b, sign in zip(one, other, signs, strict=True)]
    return all(a >= b for a, b in pairs) and any(a > b for a, b in pairs)


@pytest.mark.parametrize("goals", [["maximize", "minimize"], ["minimize", "minimize"], ["maximize"] * 3, ["minimize"]])
def test_nobody_on_the_front_is_beaten_and_everybody_else_is(goals: list[str]) -> None:
    rng = random.Random(len(goals))
    for size in (0, 1, 5, 80):
        points = [[float(rng.randint(0, 8)) for _ in goals] for _ in range(size)]
        expected = [not any(beats(other, point, goals) for other in points) for point in points]
        assert front(points, goals) == expected


def test_what_is_not_finite_is_never_on_the_front() -> None:
    points = [[1.0, math.nan], [math.inf, 0.0], [None, 1.0], [0.5, 0.5], [0.5, 0.5], [0.4, 0.5]]
    assert front(points, ["maximize", "maximize"]) == [False, False, False, True, True, False]


def test_the_front_of_an_experiment(tmp_path) -> None:
    from builders import Recorder

    recorder = Recorder(tmp_path)
    for number, scores in enumerate([[0.5, 0.4], [0.2, 0.9], [0.1], []]):
        recorder.trial(number, scores)  # the loss is 1, then 0.5
    run = recorder.end()
    with Index(run) as index:
        trials = index.trials()
    assert front_trials(trials, {"score": "maximize", "loss": "minimize"}) == {"t001"}
    assert front_trials(trials, {"score": "maximize", "loss": "maximize"}) == {"t000", "t001"}
