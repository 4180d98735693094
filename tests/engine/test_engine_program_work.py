"""Searches that run a program: what is found and refused before anything starts, and what a trial is asked to do."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import pytest

from cockpit.engine.plan import Plan, make_plan
from cockpit.engine.single import options_of, search_of_command
from cockpit.engine.trainer_work import TrainerWork
from cockpit.engine.work import work_of
from cockpit.search.errors import SearchError
from cockpit.search.metric import Metric, usual_goal
from cockpit.search.reader import loads
from trainers.contract import InputError

TAIL = "method: random\nparameters:\n  lr: {min: 0.0, max: 1.0}\n  opt: {parameters: {name: {value: sgd}}}\n"


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder that the cockpit is called in."""
    folder = tmp_path / "here"
    folder.mkdir()
    (folder / "train.py").touch()
    monkeypatch.chdir(folder)
    return folder


def plan_of(head: str = "program: train.py", path: Path = Path("sweep.yaml"), **options: Any) -> Plan:
    return make_plan(loads(f"{head}\n{TAIL}", path), **options)


def test_a_trial_is_asked_to_run_the_command_line(here: Path) -> None:
    plan = plan_of("program: train.py\nmetric: {name: acc, goal: maximize}\npattern: 'acc=(?P<acc>.*)'")
    config = plan.trial_config({"lr": 0.5, "opt.name": "sgd"})
    assert config == {"lr": 0.5, "opt": {"name": "sgd"}}
    assert plan.work.request_fields(config, here / "t000") == {
        "trainer": "train.py",
        "command": ("/usr/bin/env", sys.executable, "train.py", "--lr=0.5", "--opt={'name': 'sgd'}"),
        "directory": str(here),
        "metric": "acc",
        "pattern": "acc=(?P<acc>.*)",
    }
    assert plan.preload == ("cockpit.engine.trial_process", "cockpit.engine.program_trial")
    assert plan.search.directory is None and not plan.work.reports_always and not plan.work.steerable


def test_without_a_metric_trials_are_ranked_by_the_loss_if_they_have_one(here: Path) -> None:
    plan = plan_of()
    assert plan.metric == Metric("loss", "minimize") and plan.search.metric is None
    assert plan.work.request_fields({}, here)["metric"] == ""


def test_a_program_that_is_only_beside_its_search_runs_there(here: Path, tmp_path: Path) -> None:
    home = tmp_path / "home"
    home.mkdir()
    (home / "other.py").touch()
    (home / "train.py").touch()
    plan = plan_of("program: other.py", home / "sweep.yaml")
    assert plan.work.request_fields({}, here)["directory"] == plan.search.directory == str(home)
    again = make_plan(loads(plan.search.to_yaml(), tmp_path / "search.yaml"))
    assert again.work.request_fields({}, here)["directory"] == str(home)
    assert plan_of("program: train.py", home / "sweep.yaml").work.request_fields({}, here)["directory"] == str(here)


def test_seeds_are_the_business_of_the_program(here: Path) -> None:
    plan = plan_of("program: train.py\nseed: 4")
    assert [plan.seed_of(config) for config in ({}, {"seed": 7}, {"seed": "x"})] == [4, 7, 4]


def test_a_configuration_that_somebody_adds(here: Path) -> None:
    assert plan_of().completed({"lr": "any"}) == {"lr": "any", "opt.name": "sgd"}
    with pytest.raises(InputError, match=r"train\.py is searched without a parameter 'x'; there are: lr, opt\.name"):
        plan_of().completed({"x": 1})


@pytest.mark.parametrize(
    ("head", "problem"),
    [
        ("program: trian.py", "sweep.yaml:1: program: there is no file trian.py in "),
        ("program: train.py\ncommand: ['${env}', '${program}']",
         "program: there is no command train.py on the PATH; for the file here write ./train.py"),
        ("program: ./train.py\ncommand: ['${program}']", "program: ./train.py is not executable; run chmod +x"),
        ("command: [/nowhere/train]", "sweep.yaml:1: command: there is no file /nowhere/train"),
        ("command: ['${env}', A=1, no-such-command]", "command: there is no command no-such-command on the PATH"),
        ("command: ['${env}', A=1]", "command: it has no word to execute"),
        ("program: train.py\ndirectory: nowhere", "sweep.yaml:2: directory: there is no folder"),
        ("program: train.py\npattern: 'loss'", "sweep.yaml:2: pattern: the pattern names no group: write (?P<loss>"),
        ("program: train.py\nseeds: 2", "sweep.yaml:2: seeds: a program gets its seed as any parameter; add seed"),
    ],
)  # fmt: skip
def test_what_cannot_be_run_is_refused_before_anything_starts(here: Path, head: str, problem: str) -> None:
    with pytest.raises(SearchError) as caught:
        plan_of(head)
    assert problem in str(caught.value) and "\n" not in str(caught.value)


@pytest.mark.parametrize(
    "head",
    [
        "program: my.module\ncommand: ['${interpreter}', -m, '${program}', '${args}']",
        "program: anything\ncommand: [env, '${program}']",
        "program: env\ncommand: ['${env}', '${program}']",
        "command: ['${env}', A=1, sh, -c, 'true']",
    ],
)
def test_what_nobody_can_know_is_left_to_the_program(here: Path, head: str) -> None:
    plan_of(head)


def test_options_for_trainers_are_refused(here: Path) -> None:
    with pytest.raises(InputError, match="--data: a program gets its data by a parameter of its own"):
        plan_of(data=here)
    with pytest.raises(SearchError, match="pattern: belongs to program and command"):
        loads(f"trainer: toy\npattern: '(?P<a>.)'\n{TAIL}")


def test_a_trainer_says_what_can_be_steered(here: Path) -> None:
    work = work_of(loads("trainer: toy\nmethod: random\nparameters: {x: {value: 0.5}}"), here)
    assert isinstance(work, TrainerWork) and work.reports_always
    assert work.request_fields({}, here) == {"trainer": "toy"}
    matching = work_of(loads("trainer: matching\nmethod: random\nparameters: {lr: {value: 0.5}}"), here)
    assert "lr" in matching.steerable


def test_one_command_is_a_search_of_one_trial(here: Path) -> None:
    words = ["python", "train.py", "--lr", "3e-4", "--fast", "--bias", "-1", "--name=a", "+x.y=[1, 2]", "-v"]
    search = search_of_command(words, None, None, "Why?", None)
    options = {"lr": 0.0003, "fast": True, "bias": -1, "name": "a", "x.y": [1, 2]}
    assert (search.name, search.note, search.fixed, search.varied) == ("train", "Why?", options, {})
    assert loads(search.to_yaml(), "run") == search
    plan = make_plan(search)
    assert plan.total == 1 and plan.work.request_fields({}, here)["command"] == tuple(words)
    assert plan.first_configs(2) == [dict(sorted(options.items()))]
    alone = search_of_command(["./train.sh"], "n", None, None, 0)
    assert (alone.name, alone.space) == ("n", {}) and loads(alone.to_yaml(), "run") == alone
    assert options_of(["a"]) == {} and options_of(["a", "--x", ".nan", "--y={"]) == {"x": ".nan", "y": "{"}


@pytest.mark.parametrize(
    ("text", "metric", "pattern"),
    [
        ("val_acc", Metric("val_acc", "maximize"), None),
        (r"loss (?P<test_loss>\S+)", Metric("test_loss", "minimize"), r"loss (?P<test_loss>\S+)"),
        (r"(?P<step>\d+) (?P<f1>\S+)", Metric("f1", "maximize"), r"(?P<step>\d+) (?P<f1>\S+)"),
        (r"(?P<key>\w+)=(?P<value>\S+)", None, r"(?P<key>\w+)=(?P<value>\S+)"),
    ],
)
def test_the_metric_of_one_command_is_a_name_or_a_pattern(
    text: str, metric: Metric | None, pattern: str | None
) -> None:
    search = search_of_command(["a"], None, text, None, None)
    assert (search.metric, search.pattern) == (metric, pattern)


def test_which_way_a_metric_is_usually_better() -> None:
    lower = ["loss", "val_loss", "bceloss", "MSE", "rmse", "smape", "error", "test/err", "wer", "val.ppl", "nll"]
    assert {usual_goal(name) for name in lower} == {"minimize"}
    assert {usual_goal(name) for name in ("acc", "f1", "terror", "mean_iou", "lossless", "r2")} == {"maximize"}
