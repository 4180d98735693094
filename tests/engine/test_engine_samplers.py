"""One contract for everything that proposes: first points, the space, seeds, results, and earlier trials."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import pytest
from sweeping import search

from cockpit.engine.optuna_proposer import OptunaProposer
from cockpit.engine.optuna_space import as_value
from cockpit.engine.past import Past, state_of
from cockpit.engine.proposer import Proposer, proposer_for
from cockpit.search.spec import Search

METHODS = {"random": "random", "grid": "grid", "tpe": "bayes", "gp": "bayes", "cmaes": "bayes", "nsga2": "bayes"}
NAMES = tuple(METHODS)
LEARNING = ("tpe", "gp", "cmaes", "nsga2")
SPACE: dict[str, Any] = {
    "x": {"min": -1.0, "max": 1.0},
    "n": {"min": 1, "max": 6},
    "kind": {"values": ["a", "b", None]},
    "size": {"distribution": "q_log_uniform_values", "min": 8, "max": 64, "q": 8},
    "steps": {"value": 4},
}
GRID: dict[str, Any] = {**SPACE, "x": {"values": [-1.0, 0.0, 1.0]}, "size": {"values": [8, 16]}}
START = {"x": 0.0, "n": 3, "kind": "a", "size": 16}
BOTH = [{"name": "score", "goal": "maximize"}, {"name": "loss", "goal": "minimize"}]


def made(name: str, **keys: Any) -> Search:
    space = GRID if name == "grid" else SPACE
    return search(**{"method": METHODS[name], "sampler": name, "parameters": space, "run_cap": 12, **keys})


def enough(name: str, wanted: int) -> range:
    """Numbers of trials. GP takes a while for each, and is by itself from the sixth on."""
    return range(min(wanted, 6) if name == "gp" else wanted)


def hill(config: Mapping[str, Any]) -> float:
    return -((config["x"] - 0.5) ** 2) - 0.01 * config["n"]


Judge = Callable[[Mapping[str, Any]], float]


def run(proposer: Proposer, numbers: range, judge: Judge = hill) -> list[Past]:
    """Trials one after the other; every fourth ends early, every seventh without a value."""
    done = []
    for number in numbers:
        trial = f"t{number:03d}"
        config = proposer.propose(trial)
        assert config is not None
        value = None if number % 7 == 6 else judge(config)
        finished = number % 4 != 3
        evaluations = () if value is None else (value - 1, value)
        for evaluation, reported in enumerate(evaluations, start=1):
            proposer.report(trial, evaluation, reported)
        values = {} if value is None else {"score": value, "loss": abs(config["x"])}
        proposer.tell(trial, value, finished=finished, values=values)
        done.append(Past(trial, config, state_of(value, finished=finished), evaluations, value, values))
    return done


def configs(done: list[Past]) -> list[Mapping[str, Any]]:
    return [past.config for past in done]


@pytest.mark.parametrize("name", NAMES)
def test_first_points_then_the_space_and_not_a_word(name: str, capfd: pytest.CaptureFixture[str]) -> None:
    wanted = made(name, baseline=START, initial=[{"x": 1.0}, {"n": 6, "kind": None}, {"x": 0.0}])
    found = configs(run(proposer_for(wanted), enough(name, 12)))
    whole = {**START, "steps": 4}
    assert found[:3] == [whole, {**whole, "x": 1.0}, {**whole, "n": 6, "kind": None}]
    for config in found:
        assert config.keys() == wanted.space.keys()
        assert all(wanted.space[key].contains(value) for key, value in config.items())
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize("name", NAMES)
def test_a_seed_gives_the_same_again(name: str) -> None:
    first, again = (configs(run(proposer_for(made(name, seed=1)), enough(name, 12))) for _ in range(2))
    assert first == again
    if name != "grid":
        assert first != configs(run(proposer_for(made(name, seed=2)), range(3)))


@pytest.mark.parametrize("name", NAMES)
def test_results_change_proposals_where_there_is_something_to_learn(name: str) -> None:
    found = configs(run(proposer_for(made(name)), enough(name, 12)))
    other = configs(run(proposer_for(made(name)), enough(name, 12), lambda config: -hill(config)))
    assert (found != other) == (name in LEARNING)
    assert found[0] == other[0]


@pytest.mark.parametrize("name", NAMES)
def test_a_rebuilt_proposer_goes_on_with_what_was_known(name: str) -> None:
    wanted = made(name, baseline=START, initial=[{"x": 1.0}])
    total = len(enough(name, 12))
    before = run(proposer_for(wanted), range(total))
    uninterrupted = configs(before)
    for killed_after in (1, total - 1):
        rebuilt = proposer_for(wanted)
        for past in before[:killed_after]:
            rebuilt.recall(past)
        after = configs(run(rebuilt, range(killed_after, total)))
        firsts = max(0, 2 - killed_after)
        assert after[:firsts] == uninterrupted[killed_after : killed_after + firsts]
        if name in LEARNING:
            if killed_after > 1:  # the draws of the beginning do not come again
                assert after != uninterrupted[2 : 2 + len(after)]
        else:
            assert after == uninterrupted[killed_after:]
            assert rebuilt.propose("end") is None


@pytest.mark.parametrize("name", NAMES)
def test_trials_that_somebody_added_take_no_place_in_the_order(name: str) -> None:
    wanted = made(name, baseline=START, initial=[{"x": 1.0}])
    rebuilt = proposer_for(wanted)
    rebuilt.recall(Past("t000", {**START, "steps": 4}, "complete", (0.5,), 0.5))
    rebuilt.recall(Past("t001", {**START, "x": 0.5, "steps": 4}, "complete", (0.6,), 0.6, origin="added"))
    assert rebuilt.propose("t002") == {**START, "x": 1.0, "steps": 4}


@pytest.mark.parametrize("name", LEARNING)
def test_recalled_results_are_learned_from(name: str) -> None:
    def after(judge: Judge) -> list[Mapping[str, Any]]:
        proposer = proposer_for(made(name, seed=3))
        for past in run(proposer_for(made("random")), range(12), judge):
            proposer.recall(replace(past, origin="elsewhere"))
        return configs(run(proposer, range(1), judge))

    assert after(hill) != after(lambda config: -hill(config))


def test_cma_es_starts_where_others_were_good() -> None:
    space = {key: {"min": -1.0, "max": 1.0} for key in "xy"}
    tried = proposer_for(search(method="bayes", sampler="cmaes", parameters=space))
    for number in range(30):
        x, y = (number % 6) / 3 - 1, (number // 6) / 2 - 1
        value = -((x - 0.6) ** 2) - (y + 0.5) ** 2
        tried.recall(Past(f"t{number:03d}", {"x": x, "y": y}, "complete", (value,), value, origin="elsewhere"))
    drawn = [tried.propose(f"t{number:03d}") or {} for number in range(20)]
    assert sum(config["x"] for config in drawn) / 20 == pytest.approx(0.6, abs=0.15)
    assert sum(config["y"] for config in drawn) / 20 == pytest.approx(-0.5, abs=0.15)


def test_nsga2_breeds_from_first_points_and_recalled_trials() -> None:
    """With a population of 4 that has x = 0.25 or 0.75 only, a child has one of them, or else it mutated."""
    tried = proposer_for(made("nsga2", parameters={"x": SPACE["x"], "n": SPACE["n"]}, initial=[{"x": 0.75, "n": 5}]))
    for number in range(3):
        tried.recall(Past(f"e{number}", {"x": 0.25, "n": 1 + number}, "complete", (1.0,), 1.0, origin="elsewhere"))
    run(tried, range(1), lambda config: 2.0)
    children = [(tried.propose(f"t{number:03d}") or {})["x"] for number in range(1, 13)]
    assert children.count(0.25) + children.count(0.75) >= 6
    assert 0.75 in children


@pytest.mark.parametrize("several", [False, True])
@pytest.mark.parametrize("name", LEARNING)
def test_a_trial_that_goes_on_is_told_of_when_it_ends(name: str, several: bool) -> None:
    if several and name == "cmaes":
        return
    tried = OptunaProposer(made(name, **({"metrics": BOTH, "metric": None} if several else {})))
    tried.recall(Past("t000", {**START, "steps": 4}, "running", (0.1, math.nan, 0.3), 0.3))
    tried.propose("t001")
    for evaluation in (3, 4):  # it goes on from a checkpoint before its last evaluation
        tried.report("t000", evaluation, 0.5)
    tried.tell("t000", 0.5, finished=True, values={"score": 0.5, "loss": 0.25})
    (ended, _) = tried._study.trials
    assert ended.values == ([0.5, 0.25] if several else [0.5])
    assert ended.intermediate_values == ({} if several else {1: 0.1, 3: 0.3, 4: 0.5})
    assert ended.params["x"] == 0.0


def test_what_is_recalled_is_what_was_told() -> None:
    for metrics in ({}, {"metrics": BOTH, "metric": None}):
        wanted = made("tpe", **metrics)
        told, recalled = OptunaProposer(wanted), OptunaProposer(wanted)
        for past in run(told, range(10)):
            recalled.recall(past)
        recalled.recall(Past("t010", {**START, "x": 7.0, "steps": 4}, "complete", (1.0,), 1.0))  # outside the space
        for one, other in zip(told._study.trials, recalled._study.trials, strict=True):
            assert (one.state, one.values, one.intermediate_values) == (
                other.state,
                other.values,
                other.intermediate_values,
            )
            for key, found in wanted.varied.items():
                assert as_value(found, one.params[key]) == as_value(found, other.params[key])
            assert one.distributions == other.distributions


@pytest.mark.parametrize("name", ["tpe", "gp", "nsga2"])
def test_several_metrics_are_weighed(name: str) -> None:
    tried = OptunaProposer(made(name, metrics=BOTH, metric=None))
    run(tried, enough(name, 12))
    study = tried._study
    assert [direction.name for direction in study.directions] == ["MAXIMIZE", "MINIMIZE"]
    states = [trial.state.name for trial in study.trials]
    assert states[:6] == ["COMPLETE", "COMPLETE", "COMPLETE", "PRUNED", "COMPLETE", "COMPLETE"]
    assert all(trial.values is None or len(trial.values) == 2 for trial in study.trials)


@pytest.mark.parametrize("values", [None, {"score": 0.5}, {"score": 0.5, "loss": math.nan}])
def test_a_trial_that_lacks_one_of_several_metrics_has_failed(values: dict[str, float] | None) -> None:
    tried = OptunaProposer(made("nsga2", metrics=BOTH, metric=None))
    tried.propose("t000")
    tried.tell("t000", 0.5, finished=True, values=values)
    assert [trial.state.name for trial in tried._study.trials] == ["FAIL"]


def test_a_grid_leaves_out_what_another_experiment_has_tried() -> None:
    wanted = search(
        method="grid", parameters={"x": {"values": [1, 2, 3]}, "y": {"values": [0, 1]}}, baseline={"x": 2, "y": 0}
    )
    tried = proposer_for(wanted)
    states = {(1, 0): "complete", (1, 1): "failed", (3, 1): "pruned", (2, 0): "complete"}
    for (x, y), state in states.items():
        tried.recall(Past("e", {"y": y, "x": float(x)}, state, origin="elsewhere"))  # type: ignore[arg-type]
    found = [tried.propose(f"t{number}") for number in range(5)]
    assert found == [{"x": 2, "y": 0}, {"x": 1, "y": 1}, {"x": 2, "y": 1}, {"x": 3, "y": 0}, None]
