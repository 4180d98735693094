"""Searches against a trainer's settings and metrics."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from cockpit.search.check import check_search
from cockpit.search.errors import SearchError
from cockpit.search.find import Known, available
from cockpit.search.reader import load, loads
from cockpit.search.resolve import resolve_trainer
from trainers import registry


@dataclass(frozen=True)
class Setting:
    name: str
    type: str
    low: float | None = None
    high: float | None = None
    choices: tuple[Any, ...] | None = None
    optional: bool = False


FIELDS = {
    setting.name: setting
    for setting in (
        Setting("lr", "float", 0.0, 10.0),
        Setting("batch_size", "int", 2, 512),
        Setting("head", "str", choices=("arcface", "adacos")),
        Setting("size", "int", choices=(8, 9, 10)),
        Setting("cosine", "bool"),
        Setting("head_lr", "float", 0.0, 1.0, optional=True),
        Setting("title", "str"),
    )
}
METRICS = {"row_f1": "maximize", "loss": "minimize"}


def search_text(parameters: str, rest: str = "") -> str:
    return f"trainer: t\nmethod: random\n{rest}\nparameters:\n  {parameters}\n"


def check(text: str, **more: Any) -> None:
    check_search(loads(text, "s.yaml"), FIELDS, METRICS, **more)


@pytest.mark.parametrize(
    "parameters",
    [
        "lr: {distribution: log_uniform_values, min: 1e-4, max: 1}",
        "lr: {min: 1, max: 3}",
        "lr: {value: 1}",
        "lr: {distribution: normal, mu: 0.1, sigma: 0.01}",
        "lr: {distribution: beta}",
        "batch_size: {values: [16, 32.0]}",
        "batch_size: {min: 2, max: 512}",
        "batch_size: {distribution: q_uniform, min: 4, max: 64, q: 4}",
        "batch_size: {distribution: q_log_uniform_values, min: 4, max: 64, q: 2.0}",
        "head: {values: [arcface, adacos], probabilities: [0.5, 0.5]}",
        "size: {min: 8, max: 10}",
        "cosine: {values: [true, false]}",
        "head_lr: {values: [null, 1e-4]}",
        "title: {value: 3}",
    ],
)
def test_accepted(parameters: str) -> None:
    check(search_text(parameters, "metric: {name: row_f1, goal: maximize}"))


@pytest.mark.parametrize(
    ("parameters", "problem"),
    [
        ("lrr: {value: 1}", "lrr: t has no such parameter (did you mean lr?); allowed: lr, batch_size, head, size,"),
        ("lr: {value: fast}", "lr.value: 'fast' is not a number, as lr needs"),
        ("lr: {value: true}", "lr.value: True is not a number, as lr needs"),
        ("lr: {value: .inf}", "lr.value: inf is not a number, as lr needs"),
        ("lr: {value: null}", "lr.value: None is not a number, as lr needs"),
        ("lr: {values: [1, -1]}", "lr.values: -1 is below 0, the least that lr allows"),
        ("lr: {min: 0.1, max: 11.5}", "lr.max: 11.5 is above 10, the most that lr allows"),
        ("lr: {distribution: normal}", "lr: -3.09"),
        (
            "batch_size: {min: 2.0, max: 9.0}",
            "batch_size: uniform gives fractions, but batch_size is a whole number; use",
        ),
        ("batch_size: {distribution: q_uniform, min: 2, max: 9, q: 0.5}", "batch_size: q_uniform gives fractions"),
        ("batch_size: {value: 16.5}", "batch_size.value: 16.5 is not a whole number, as batch_size needs"),
        ("batch_size: {value: [16]}", "batch_size.value: [16] is not a whole number"),
        (
            "head: {values: [arcface, adacoz]}",
            "head.values: 'adacoz' is not allowed (did you mean adacos?); use arcface",
        ),
        ("head: {min: 1, max: 2}", "head: int_uniform gives numbers, but head is a text; use values"),
        ("size: {min: 8, max: 11}", "size: size allows only 8, 9, 10; use values"),
        ("cosine: {value: 1}", "cosine.value: 1 is not true or false, as cosine needs"),
        ("cosine: {min: 0, max: 1}", "cosine: int_uniform gives numbers, but cosine is true or false; use values"),
        ("head_lr: {value: much}", "head_lr.value: 'much' is not a number or null, as head_lr needs"),
    ],
)
def test_refused_parameters(parameters: str, problem: str) -> None:
    with pytest.raises(SearchError) as caught:
        check(search_text(parameters))
    assert str(caught.value).startswith(f"s.yaml:5: parameters.{problem}")


@pytest.mark.parametrize(
    ("rest", "problem"),
    [
        (
            "metric: {name: row_f2, goal: maximize}",
            "metric.name: t does not report row_f2 (did you mean row_f1?); allowed: row_f1, loss",
        ),
        ("metric: {name: row_f1}", "metric.goal: minimize, but row_f1 is better when higher; write goal: maximize"),
        (
            "metric: {name: loss, goal: maximize}",
            "metric.goal: maximize, but loss is better when lower; write goal: minimize",
        ),
        (
            "metrics: [{name: row_f1, goal: maximize}, {name: loss, goal: maximize}]",
            "metrics.1.goal: maximize, but loss is better when lower; write goal: minimize",
        ),
        ("baseline: {lr: 20}", "baseline.lr: 20 is above 10, the most that lr allows"),
        ("seeds: 2", "seeds: t has no seed to vary; remove it"),
    ],
)
def test_refused_around_the_parameters(rest: str, problem: str) -> None:
    with pytest.raises(SearchError) as caught:
        check(search_text("lr: {min: 0.0, max: 1.0}", rest))
    assert str(caught.value) == f"s.yaml:3: {problem}"


@pytest.mark.parametrize("known", available(Path("/nowhere")), ids=lambda known: known.name)
def test_shipped_searches_fit_their_trainers(known: Known) -> None:
    search = load(known.path)
    trainer = registry.find(resolve_trainer(search, registry.names()))
    check_search(search, registry.fields(trainer), trainer.metrics)


def test_reserved_settings_are_refused() -> None:
    with pytest.raises(SearchError, match=r"s\.yaml:5: parameters\.title: set for every trial by the program itself"):
        check(search_text("title: {value: x}"), reserved=("title",))


def test_an_override_has_no_line_to_blame() -> None:
    search = loads(search_text("lr: {value: 1}"), "s.yaml").with_overrides(settings={"lr": 99, "lrx": 1})
    with pytest.raises(SearchError) as caught:
        check_search(search, FIELDS, METRICS)
    assert str(caught.value) == "s.yaml: parameters.lr.value: 99 is above 10, the most that lr allows"
