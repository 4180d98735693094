"""What is refused before anything starts, and what a plan says."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from sweeping import HILL, START, plan_of, search

from cockpit.engine.machine import cores
from cockpit.engine.plan import make_plan
from cockpit.search.errors import SearchError
from trainers.contract import InputError

MATCHING: dict[str, Any] = {
    "trainer": "matching",
    "metric": {"name": "row_f1", "goal": "maximize"},
    "parameters": {"lr": {"min": 1e-4, "max": 1e-2}},
}


@pytest.mark.parametrize(
    ("keys", "message"),
    [
        (
            {"scheduler": "pbt"},
            "pbt.parameters: nothing to change: vary one of lr",
        ),
        ({"run_cap": 0}, "run_cap: 0 is below 1"),
        ({"trainer": "toyy"}, "trainer: toyy is not known"),
        ({"trainer": None, "command": ["./train"]}, "command: there is no file"),
        ({"parameters": {"out": {"value": "/"}}}, "parameters.out: set for every trial by the program itself"),
        ({"parameters": {"warp": {"value": 1}}}, "parameters.warp: toy has no such parameter"),
        ({"resources": {"cpu": 10_000}}, "resources.cpu: a trial wants 10000 cores"),
    ],
)
def test_what_cannot_be_run_is_refused(keys: dict[str, Any], message: str) -> None:
    with pytest.raises(SearchError) as caught:
        plan_of(**keys)
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_parameter_without_effect_is_refused_with_the_reason() -> None:
    parameters = {"head": {"value": "adacos"}, "s": {"min": 8.0, "max": 64.0}}
    with pytest.raises(SearchError, match=r"parameters\.s: has no effect here: .*; remove it"):
        plan_of(**{**MATCHING, "parameters": parameters})


def test_a_parameter_with_an_effect_in_some_trials_is_allowed() -> None:
    parameters = {"head": {"values": ["adacos", "arcface"]}, "s": {"min": 8.0, "max": 64.0}}
    plan_of(**{**MATCHING, "parameters": parameters})


def test_data_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="nowhere"):
        make_plan(search(**MATCHING), device="cpu", data=tmp_path / "nowhere")


def test_the_metric_of_the_trainer_is_taken_where_none_is_named() -> None:
    plan = plan_of(metric=None)
    assert (plan.metric.name, plan.metric.goal) == ("score", "maximize")
    assert plan.search.metric == plan.metric


def test_a_plan_counts_its_trials() -> None:
    grid = {"x": {"values": [0.0, 1.0, 2.0]}, "y": {"values": [0.0, 1.0]}}
    assert plan_of(method="grid", parameters=grid).total == 6
    assert plan_of(method="grid", parameters=grid, baseline={"x": 0.0, "y": 0.0}).total == 6
    assert plan_of(method="grid", parameters=grid, run_cap=4).total == 4
    assert plan_of().total is None


def test_first_configs_are_those_that_will_be_tried() -> None:
    plan = plan_of(method="bayes", baseline=START, run_cap=8)
    first = plan.first_configs(3)
    assert first[0] == START
    assert len(first) == 3
    assert first == plan_of(method="bayes", baseline=START, run_cap=8).first_configs(3)
    assert plan_of(method="grid", parameters={"x": {"values": [1.0]}}).first_configs(5) == [{"x": 1.0}]


def test_a_trial_config_is_proposal_seed_and_what_all_share(tmp_path: Path) -> None:
    plan = make_plan(search(seed=7), device="cpu", data=tmp_path)
    assert plan.trial_config({"x": 1.0}) == {"seed": 7, "x": 1.0, "data": str(tmp_path)}
    assert plan.trial_config({"x": 1.0, "seed": 3})["seed"] == 3


def test_a_plan_says_what_to_import_once() -> None:
    assert plan_of().preload == ("cockpit.engine.trial_process",)
    assert "torch" in plan_of(**MATCHING).preload
    assert plan_of(parameters=HILL).share.concurrent == cores()
