"""Optuna's samplers: every distribution, the baseline exactly, and what the study is told."""

from __future__ import annotations

import math
from typing import Any

import optuna
import pytest
from optuna.trial import TrialState
from sweeping import START, search

from cockpit.engine.optuna_proposer import OptunaProposer
from cockpit.engine.optuna_space import as_drawn, as_value
from cockpit.engine.proposer import proposer_for

SPACE: dict[str, dict[str, Any]] = {
    "categorical": {"values": ["a", "b", None, True, 3]},
    "categorical with lists": {"values": [[1, 2], [3], []]},
    "weighted": {"values": [0.1, 0.5, 0.2], "probabilities": [0.5, 0.4995, 0.0005]},
    "weighted words": {"values": ["adam", "sgd", "never"], "probabilities": [0.3, 0.7, 0.0]},
    "int_uniform": {"min": 1, "max": 9},
    "uniform": {"min": -1.0, "max": 1.0},
    "q_uniform": {"distribution": "q_uniform", "min": 0, "max": 10, "q": 2},
    "q_uniform, fractions": {"distribution": "q_uniform", "min": 0.0, "max": 1.0, "q": 0.1},
    "log_uniform_values": {"distribution": "log_uniform_values", "min": 1e-4, "max": 1e-1},
    "q_log_uniform_values": {"distribution": "q_log_uniform_values", "min": 8, "max": 512, "q": 8},
    "inv_log_uniform_values": {"distribution": "inv_log_uniform_values", "min": 1e-4, "max": 1e-1},
    "normal": {"distribution": "normal", "mu": 2.0, "sigma": 3.0},
    "q_normal": {"distribution": "q_normal", "mu": 2.0, "sigma": 3.0, "q": 0.5},
    "log_normal": {"distribution": "log_normal", "mu": 1.0, "sigma": 0.5},
    "q_log_normal": {"distribution": "q_log_normal", "mu": 3.0, "sigma": 0.5, "q": 1},
    "beta": {"distribution": "beta", "a": 2.0, "b": 5.0},
    "q_beta": {"distribution": "q_beta", "a": 2.0, "b": 5.0, "q": 0.25},
}
EXACT: dict[str, list[Any]] = {
    "categorical": ["b", None, True, 3],
    "categorical with lists": [[3], []],
    "weighted": [0.1, 0.5, 0.2],
    "weighted words": ["sgd", "adam"],
    "int_uniform": [1, 5, 9],
    "uniform": [-1.0, 0.0, 1.0],
    "q_uniform": [0, 4, 10],
    "q_uniform, fractions": [0.0, 0.5, 1.0],
    "log_uniform_values": [1e-4, 3e-3, 1e-1],
    "q_log_uniform_values": [8, 64, 512],
    "inv_log_uniform_values": [1e-4, 3e-3, 1e-1],
    "normal": [2.0, -1.25],
    "q_normal": [0.5, 3.0],
    "log_normal": [2.5, 0.5],
    "q_log_normal": [20, 7],
    "beta": [0.25, 0.001],
    "q_beta": [0.25, 0.75],
}


def proposer(parameters: dict[str, Any], **keys: Any) -> OptunaProposer:
    made = proposer_for(search(method="bayes", parameters=parameters, **keys))
    assert isinstance(made, OptunaProposer)
    return made


def named(name: str) -> str:
    """A parameter's name that says nothing, since names may have no spaces."""
    return f"p{list(SPACE).index(name)}"


@pytest.mark.parametrize("kind", SPACE)
def test_every_distribution_can_be_proposed(kind: str) -> None:
    wanted = search(method="bayes", parameters={"p": SPACE[kind], "fixed": {"value": "same"}}, run_cap=30)
    tried = OptunaProposer(wanted)
    values = []
    for number in range(25):
        config = tried.propose(f"t{number:03d}")
        assert config is not None
        assert config["fixed"] == "same"
        assert wanted.space["p"].contains(config["p"])
        values.append(config["p"])
        tried.tell(f"t{number:03d}", float(number), finished=True)
    assert len({repr(value) for value in values}) > 1


@pytest.mark.parametrize(("kind", "value"), [(kind, value) for kind, values in EXACT.items() for value in values])
def test_a_baseline_is_proposed_exactly_and_optuna_is_told_the_same(kind: str, value: Any) -> None:
    wanted = search(method="bayes", parameters={"p": SPACE[kind]}, baseline={"p": value}, run_cap=5)
    tried = OptunaProposer(wanted)
    proposed = tried.propose("t000")
    assert proposed == {"p": value}
    assert type(proposed["p"]) is type(value)
    (asked,) = tried._study.trials
    assert asked.state == TrialState.RUNNING
    back = as_value(wanted.space["p"], asked.params["p"])
    assert back == (pytest.approx(value, rel=1e-6) if isinstance(value, float) else value)
    assert asked.params["p"] == as_drawn(wanted.space["p"], value)
    assert "p" in (tried.propose("t001") or {})


def test_a_baseline_outside_the_space_is_run_but_optuna_hears_nothing_of_it() -> None:
    tried = proposer({"x": {"min": 0.0, "max": 1.0}}, baseline={"x": 5.0})
    assert tried.propose("t000") == {"x": 5.0}
    tried.report("t000", 1, 0.5)
    tried.tell("t000", 0.5, finished=True)
    assert tried._study.trials == []
    assert 0.0 <= (tried.propose("t001") or {})["x"] <= 1.0


def test_a_configuration_that_somebody_chose_is_a_trial_of_the_study() -> None:
    tried = proposer(
        {"x": {"min": 0.0, "max": 1.0}, "size": {"values": [1, 2]}, "steps": {"value": 4}, "warm": {"min": 0, "max": 5}}
    )
    tried.propose("t000")
    tried.adopt("t001", {"x": 0.5, "size": 2.0, "steps": 4, "warm": 3.0})
    tried.report("t001", 1, 0.25)
    tried.tell("t001", 0.75, finished=True)
    chosen = tried._study.trials[1]
    assert (chosen.params, chosen.value, chosen.intermediate_values) == (
        {"x": 0.5, "size": 2, "warm": 3},
        0.75,
        {1: 0.25},
    )
    assert tried.propose("t002") is not None
    assert states(tried)[1:] == [(TrialState.COMPLETE, 0.75), (TrialState.RUNNING, None)]


@pytest.mark.parametrize(
    "config",
    [
        {"x": 5.0, "steps": 4},
        {"x": 0.5, "steps": 8},  # a constant that is another one makes the results incomparable
        {"x": 0.5, "steps": 4, "delay": 1.0},
        {"x": 0.5, "steps": 4, "seed": 7},
    ],
)
def test_a_chosen_configuration_outside_the_space_stays_unknown_to_optuna(config: dict[str, Any]) -> None:
    tried = proposer({"x": {"min": 0.0, "max": 1.0}, "steps": {"value": 4}})
    tried.adopt("t000", config)
    tried.tell("t000", 0.75, finished=True)
    assert tried._study.trials == []


def states(tried: OptunaProposer) -> list[tuple[TrialState, float | None]]:
    return [(trial.state, trial.value) for trial in tried._study.trials]


def test_what_became_of_trials_reaches_the_study() -> None:
    tried = proposer({"x": {"min": 0.0, "max": 1.0}})
    for trial in ("finished", "pruned", "failed", "running"):
        tried.propose(trial)
        tried.report(trial, 1, 0.25)
    tried.report("pruned", 2, 0.5)
    tried.tell("finished", 0.75, finished=True)
    tried.tell("pruned", 0.5, finished=False)
    tried.tell("failed", None, finished=False)
    assert states(tried) == [
        (TrialState.COMPLETE, 0.75),
        (TrialState.PRUNED, 0.5),
        (TrialState.FAIL, None),
        (TrialState.RUNNING, None),
    ]
    assert tried._study.trials[1].intermediate_values == {1: 0.25, 2: 0.5}


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
def test_numbers_that_are_none_never_reach_optuna(value: float) -> None:
    tried = proposer({"x": {"min": 0.0, "max": 1.0}})
    tried.propose("t000")
    tried.report("t000", 1, value)
    tried.tell("t000", value, finished=True)
    (trial,) = tried._study.trials
    assert trial.state == TrialState.FAIL
    assert trial.intermediate_values == {}


@pytest.mark.parametrize(
    ("impute", "expected"),
    [
        ("worst", (TrialState.COMPLETE, 0.25)),
        ("best", (TrialState.COMPLETE, 0.75)),
        ("latest", (TrialState.FAIL, None)),
    ],
)
def test_a_failed_trial_counts_as_the_search_says(impute: str, expected: tuple[TrialState, float | None]) -> None:
    metric = {"name": "score", "goal": "maximize", "impute": impute}
    tried = proposer({"x": {"min": 0.0, "max": 1.0}}, metric=metric)
    for trial, value in (("too early", None), ("bad", 0.25), ("good", 0.75), ("failed", None)):
        tried.propose(trial)
        tried.tell(trial, value, finished=value is not None)
    assert states(tried)[0] == (TrialState.FAIL, None)  # nothing was known then
    assert states(tried)[-1] == expected


def test_telling_of_unknown_or_ended_trials_is_harmless() -> None:
    tried = proposer({"x": {"min": 0.0, "max": 1.0}})
    tried.propose("t000")
    tried.tell("t000", 0.5, finished=True)
    tried.tell("t000", 0.7, finished=True)
    tried.report("t000", 1, 0.7)
    tried.tell("t009", 0.7, finished=True)
    assert states(tried) == [(TrialState.COMPLETE, 0.5)]


@pytest.mark.parametrize("goal", ["minimize", "maximize"])
def test_the_study_knows_which_way_is_better(goal: str) -> None:
    name = {"minimize": "loss", "maximize": "score"}[goal]
    tried = proposer({"x": {"min": 0.0, "max": 1.0}}, metric={"name": name, "goal": goal})
    assert tried._study.direction.name.lower() == goal


def proposals(sampler: str, seed: int) -> list[Any]:
    tried = proposer(SPACE_OF_TWO, sampler=sampler, seed=seed, run_cap=12, baseline=START)
    configs = []
    for number in range(12):
        config = tried.propose(f"t{number:03d}")
        assert config is not None
        configs.append(dict(config))
        tried.tell(f"t{number:03d}", -((config["x"] - 0.6) ** 2) - config["y"] ** 2, finished=True)
    return configs


SPACE_OF_TWO = {"x": {"min": -1.0, "max": 1.0}, "y": {"min": -1.0, "max": 1.0}}


@pytest.mark.parametrize("sampler", ["tpe", "nsga2"])
def test_a_seed_gives_the_same_proposals_again_and_another_gives_others(sampler: str) -> None:
    assert proposals(sampler, 1) == proposals(sampler, 1)
    assert proposals(sampler, 1)[1:] != proposals(sampler, 2)[1:]


def test_optuna_keeps_its_voice_down() -> None:
    proposer({"x": {"min": 0.0, "max": 1.0}})
    assert optuna.logging.get_verbosity() == optuna.logging.WARNING
