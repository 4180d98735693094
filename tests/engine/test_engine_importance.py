"""Which parameters matter, told by trials whose scores are known by construction."""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
from builders import Recorder

from cockpit.engine.importance import weigh
from cockpit.store.importance import Importance
from cockpit.store.reader import Index

Config = Mapping[str, Any]

SEARCH = """\
name: hill
trainer: toy
method: random
metric: {name: score, goal: maximize}
parameters:
  x: {min: 0.0, max: 1.0}
  lr: {distribution: log_uniform_values, min: 1e-5, max: 1e-1}
  size: {values: [16, 32, 64]}
  shape: {values: [[1, 2], [3]]}
run_cap: 30
"""
VARIED = ["x", "lr", "size", "shape"]


def configs(count: int) -> list[dict[str, Any]]:
    generator = random.Random(7)
    return [
        {
            "x": generator.random(),
            "lr": 10 ** generator.uniform(-5, -1),
            "size": generator.choice([16, 32, 64]),
            "shape": generator.choice([[1, 2], [3]]),
        }
        for _ in range(count)
    ]


def weighed(
    tmp_path: Path,
    score: Callable[[Config], float],
    tried: list[dict[str, Any]],
    *,
    search: str = SEARCH,
    goal: str = "maximize",
    statuses: Mapping[int, str] | None = None,
    varied: list[str] = VARIED,
) -> Importance:
    recorder = Recorder(tmp_path, goal=goal, varied=varied)
    for number, config in enumerate(tried):
        status = (statuses or {}).get(number, "finished")
        scores = [] if status == "diverged" else [score(config)]
        recorder.trial(number, scores, config=config, status=status)
    if search:
        recorder.run.search.write_text(search)
    run = recorder.end()
    with Index(run) as index:
        return weigh(run, index.sweep(), index.trials())


def peak_in_x(config: Config) -> float:
    return -abs(float(config["x"]) - 0.3)


@pytest.mark.parametrize("goal", ["maximize", "minimize"])
def test_the_parameter_that_makes_the_score_matters_most(goal: str, tmp_path: Path) -> None:
    sign = 1 if goal == "maximize" else -1
    found = weighed(tmp_path, lambda config: sign * peak_in_x(config), configs(40), goal=goal)
    assert (found.why, found.trials, found.left_out) == ("", 40, ())
    assert next(iter(found.shares)) == "x"
    assert found.shares["x"] > 0.5
    assert sum(found.shares.values()) == pytest.approx(1.0)
    assert list(found.shares.values()) == sorted(found.shares.values(), reverse=True)
    low, high = found.ranges["x"]
    assert 0.1 < low < 0.3 < high < 0.5


def test_the_logarithm_of_a_rate_counts(tmp_path: Path) -> None:
    found = weighed(tmp_path, lambda config: -abs(math.log10(config["lr"]) + 4), configs(40))
    assert next(iter(found.shares)) == "lr"
    assert found.shares["lr"] > 0.5


def test_ranges_of_choices_are_the_choices_that_the_best_have(tmp_path: Path) -> None:
    found = weighed(tmp_path, lambda config: (config["shape"] == [3]) - config["size"] / 1000, configs(40))
    assert found.choices == ("size", "shape")
    assert found.ranges["shape"] == [[3]]
    assert found.ranges["size"] in ([16], [16, 32])


def test_the_best_are_a_fifth_and_at_least_three(tmp_path: Path) -> None:
    tried = [{"x": number / 30, "lr": 1e-3, "size": 16, "shape": [3]} for number in range(30)]
    many = weighed(tmp_path / "many", lambda config: config["x"], tried)
    few = weighed(tmp_path / "few", lambda config: config["x"], tried[:5])
    assert many.ranges["x"] == [24 / 30, 29 / 30]
    assert few.ranges["x"] == [2 / 30, 4 / 30]


def test_pruned_and_diverged_trials_are_evidence_and_interrupted_ones_are_not(tmp_path: Path) -> None:
    tried = configs(40)
    bad = {n: "diverged" for n, config in enumerate(tried) if config["lr"] > 1e-3}
    rest = {n: "pruned" for n in range(0, 40, 4) if n not in bad} | {
        n: "interrupted" for n in (1, 2, 3) if n not in bad
    }
    found = weighed(tmp_path, lambda config: 1.0 + config["x"] / 1e6, tried, statuses={**bad, **rest})
    assert found.trials == 40 - list(rest.values()).count("interrupted")
    assert next(iter(found.shares)) in ("lr", "x")
    assert found.shares["lr"] > max(found.shares["size"], found.shares["shape"])
    assert found.ranges["lr"][1] <= 1e-3


@pytest.mark.parametrize(
    ("count", "score", "why"),
    [
        (0, peak_in_x, "0 trials with a value of score; it takes 4 to tell"),
        (3, peak_in_x, "3 trials with a value of score; it takes 4 to tell"),
        (10, lambda _: 0.5, "all trials have the same score"),
    ],
)
def test_what_cannot_be_told_is_equal_shares_and_a_reason(
    count: int, score: Callable[[Config], float], why: str, tmp_path: Path
) -> None:
    found = weighed(tmp_path, score, configs(count))
    assert found.why == why
    assert found.shares == dict.fromkeys(VARIED, 0.25)
    assert set(found.ranges) == (set(VARIED) if count else set())


def test_a_parameter_that_never_changed_has_next_to_no_share(tmp_path: Path) -> None:
    tried = [{**config, "size": 32} for config in configs(20)]
    found = weighed(tmp_path, peak_in_x, tried)
    assert found.why == ""
    assert found.shares["size"] < 0.01  # not 0, because the measure smooths
    assert found.ranges["size"] == [32]


def test_nothing_varied_is_said(tmp_path: Path) -> None:
    search = "name: one\ntrainer: toy\nmethod: random\nparameters: {x: {value: 1.0}}\nrun_cap: 5\n"
    found = weighed(tmp_path, lambda config: config["x"], configs(5), search=search, varied=[])
    assert (found.why, found.shares, found.ranges) == ("nothing was varied", {}, {})


def test_a_baseline_outside_the_space_is_left_out(tmp_path: Path) -> None:
    tried = [{"x": 7.0, "lr": 1e-3, "size": 16, "shape": [3]}, *configs(20)]
    found = weighed(tmp_path, peak_in_x, tried)
    assert (found.trials, found.left_out) == (20, ("t000",))
    assert found.ranges["x"][1] <= 1.0


@pytest.mark.parametrize("search", ["", "name: [\n"])
def test_without_a_search_the_space_is_that_of_what_was_tried(search: str, tmp_path: Path) -> None:
    tried: list[dict[str, Any]] = [{**config, "size": number, "same": 1} for number, config in enumerate(configs(30))]
    found = weighed(tmp_path, peak_in_x, tried, search=search, varied=[*VARIED, "same", "absent"])
    assert found.why == ""
    assert next(iter(found.shares)) == "x"
    assert set(found.shares) == {*VARIED, "same"}
    assert found.choices == ("shape", "same")


def test_the_same_trials_always_give_the_same_answer(tmp_path: Path) -> None:
    assert weighed(tmp_path / "a", peak_in_x, configs(20)) == weighed(tmp_path / "b", peak_in_x, configs(20))
