"""Sweep files of Weights & Biases: what each rule of their schema means here, and which files are refused.

The rules are those of the W&B sweep schema and of its agent; what stands in ACCEPTED is valid there, too, but for the
entries marked as lenient. What is refused here and valid there would do something that its author cannot have meant.
"""

from __future__ import annotations

import itertools
import random
from typing import Any

import pytest

from cockpit.search import sampling
from cockpit.search.command import expand
from cockpit.search.early import Hyperband
from cockpit.search.errors import SearchError
from cockpit.search.metric import Metric
from cockpit.search.nesting import nest
from cockpit.search.reader import loads
from cockpit.search.space import (
    Beta,
    Categorical,
    Constant,
    IntUniform,
    InvLogUniformValues,
    LogNormal,
    LogUniformValues,
    Normal,
    QBeta,
    QLogNormal,
    QLogUniformValues,
    QNormal,
    QUniform,
    Uniform,
    Weighted,
)
from cockpit.search.spec import Search
from cockpit.search.stopping import build_rules

# What to put around a parameter, and around a key of the top level.
PARAMETER = "program: train.py\nmethod: random\nparameters:\n  p: {}\n"
TOP = "program: train.py\nmethod: random\nparameters: {{p: {{value: 1}}}}\n{}\n"
METRIC = "metric: {name: loss}\n"

PARAMETERS: list[tuple[str, Any]] = [
    ("{value: 5}", Constant(5)),
    ("{value: null}", Constant(None)),
    ("{value: {a: 1, b: [2]}}", Constant({"a": 1, "b": [2]})),
    ("{distribution: constant, value: sgd}", Constant("sgd")),
    (
        "{values: [1, two, 3.5, true, null, [4, 5], {six: 7}]}",
        Categorical((1, "two", 3.5, True, None, [4, 5], {"six": 7})),
    ),
    ("{distribution: categorical, values: [a]}", Categorical(("a",))),
    ("{values: [a, b], probabilities: [0.25, 0.75]}", Weighted(("a", "b"), (0.25, 0.75))),
    ("{values: [1, 2, 3], probabilities: [0.33333, 0.33333, 0.33333]}", Weighted((1, 2, 3), (0.33333,) * 3)),
    ("{values: [1, 2], probabilities: [0, 1]}", Weighted((1, 2), (0.0, 1.0))),
    ("{distribution: categorical_w_probabilities, values: [a], probabilities: [1]}", Weighted(("a",), (1.0,))),
    ("{min: 1, max: 10}", IntUniform(1, 10)),
    ("{min: 1, max: 10.0}", Uniform(1.0, 10.0)),
    ("{min: 1.0, max: 10}", Uniform(1.0, 10.0)),
    ("{min: 0.1, max: 0.9}", Uniform(0.1, 0.9)),
    ("{min: -3, max: 3, distribution: int_uniform}", IntUniform(-3, 3)),
    ("{min: 1, max: 10, distribution: uniform}", Uniform(1.0, 10.0)),
    ("{min: 0, max: 10, distribution: q_uniform}", QUniform(0, 10, 1)),
    ("{min: 0, max: 1, q: 0.25, distribution: q_uniform}", QUniform(0, 1, 0.25)),
    ("{min: 0.001, max: 0.1, distribution: log_uniform_values}", LogUniformValues(0.001, 0.1)),
    ("{min: 8, max: 512, q: 8, distribution: q_log_uniform_values}", QLogUniformValues(8, 512, 8)),
    ("{min: 0.9, max: 0.999, distribution: inv_log_uniform_values}", InvLogUniformValues(0.9, 0.999)),
    ("{distribution: normal}", Normal(0.0, 1.0)),
    ("{distribution: normal, mu: 3, sigma: 0.5}", Normal(3.0, 0.5)),
    ("{distribution: q_normal, mu: 64, sigma: 16, q: 8}", QNormal(64.0, 16.0, 8)),
    ("{distribution: log_normal, mu: -3}", LogNormal(-3.0, 1.0)),
    ("{distribution: q_log_normal, sigma: 2}", QLogNormal(0.0, 2.0, 1)),
    ("{distribution: beta, a: 2, b: 8}", Beta(2.0, 8.0)),
    ("{distribution: q_beta, a: 2, q: 0.1}", QBeta(2.0, 1.0, 0.1)),
]
# YAML 1.1 takes 1e-4 for a text, which W&B refuses as a bound; here it is the number that was meant.
LENIENT: list[tuple[str, Any]] = [
    ("{min: 1e-4, max: 1e-2}", Uniform(0.0001, 0.01)),
    ("{min: '1e-4', max: 1e-2, distribution: log_uniform_values}", LogUniformValues(0.0001, 0.01)),
    ("{value: 1e-4}", Constant(0.0001)),
    ("{distribution: normal, sigma: 5e-1}", Normal(0.0, 0.5)),
    ("{distribution: categorical, values: [1, 2], probabilities: [0.5, 0.5]}", Weighted((1, 2), (0.5, 0.5))),
]

# The text on the top level, the attribute of the search, and what it is.
KEYS: list[tuple[str, str, Any]] = [
    ("run_cap: 7", "run_cap", 7),
    ("", "run_cap", None),
    ("name: my sweep", "name", "my sweep"),
    ("description: Which rate?", "note", "Which rate?"),
    ("command: ['${env}', py, '${program}', '${args}']", "command", ("${env}", "py", "${program}", "${args}")),
    ("command: [python, train.py, --epochs, 5, --fast, true]", "command",
     ("python", "train.py", "--epochs", "5", "--fast", "True")),
    ("command: []", "command", None),
    ("metric: {name: loss}", "metric", Metric("loss", "minimize", None, None, "false")),
    ("metric: {name: a.b/c, goal: maximize, target: 0.95}", "metric", Metric("a.b/c", "maximize", 0.95)),
    ("metric: {name: loss, impute: latest, impute_while_running: best}", "metric",
     Metric("loss", "minimize", None, "latest", "best")),
    ("apiVersion: v1\nkind: sweep\nentity: me\nproject: mine\ncontroller: {type: cloud}", "ignored",
     {"apiVersion": "v1", "kind": "sweep", "entity": "me", "project": "mine", "controller": {"type": "cloud"}}),
    ("job: a/b/job:latest", "ignored", {"job": "a/b/job:latest"}),
    ("image_uri: repo/image:1", "ignored", {"image_uri": "repo/image:1"}),
    (METRIC + "early_terminate: {type: hyperband, min_iter: 3}", "early_terminate",
     Hyperband(min_iter=3, eta=3.0, strict=True)),
    (METRIC + "early_terminate: {type: hyperband, min_iter: 3, eta: 2.5, strict: false}", "early_terminate",
     Hyperband(min_iter=3, eta=2.5, strict=False)),
    (METRIC + "early_terminate: {type: hyperband, max_iter: 27, s: 2, eta: 3}", "early_terminate",
     Hyperband(max_iter=27, s=2)),
    # With both forms in one file W&B goes by max_iter; with s beside min_iter it has no use for s.
    (METRIC + "early_terminate: {type: hyperband, min_iter: 3, max_iter: 27, s: 2}", "early_terminate",
     Hyperband(max_iter=27, s=2)),
    (METRIC + "early_terminate: {type: hyperband, min_iter: 3, s: 2}", "early_terminate", Hyperband(min_iter=3)),
]  # fmt: skip

# Whole files, the line and key to blame, and what the message says.
REFUSED: list[tuple[str, str, str]] = [
    (TOP.format("progam: x"), "4: progam", "unknown key (did you mean program?)"),
    (TOP.format("parameter: {}"), "4: parameter", "unknown key (did you mean parameters?)"),
    ("program: t.py\nparameters: {p: {value: 1}}", "1: method", "missing; allowed: grid, random, bayes"),
    ("program: t.py\nmethod: random", "1: parameters", "missing"),
    ("program: t.py\nmethod: random\nparameters: {}", "3: parameters", "no parameter is given"),
    ("method: random\nparameters: {p: {value: 1}}", "1: trainer", "a program of your own in program"),
    (TOP.format("").replace("random", "custom"), "2: method", "custom needs a W&B server"),
    (TOP.format("").replace("random", "bayes"), "1: metric", "method bayes needs metric"),
    (TOP.format("run_cap: 0"), "4: run_cap", "0 is below 1"),
    (TOP.format("run_cap: many"), "4: run_cap", "not a whole number"),
    (TOP.format("name: 5"), "4: name", "5 is not a text"),
    (TOP.format("kind: job"), "4: kind", "allowed: sweep"),
    (TOP.format("controller: {}"), "4: controller.type", "allowed: local, cloud"),
    (TOP.format("controller: {type: mine}"), "4: controller.type", "allowed: local, cloud"),
    (TOP.format("scheduler: {engine: optuna}"), "4: scheduler", "scheduler mapping is not supported"),
    (TOP.format("metric: loss"), "4: metric", "write metric: {name: loss, goal: maximize or minimize}"),
    (TOP.format("metric: {goal: minimize}"), "4: metric.name", "missing"),
    # W&B puts minimize in its place without a word.
    (TOP.format("metric: {name: acc, goal: maximise}"), "4: metric.goal", "did you mean maximize?"),
    (TOP.format("metric: {name: acc, impute: mean}"), "4: metric.impute", "allowed: latest, best, worst"),
    (TOP.format("metric: {name: acc, impute_while_running: mean}"), "4: metric.impute_while_running", "best"),
    (TOP.format("metric: {name: acc, target: high}"), "4: metric.target", "not a number"),
    (TOP.format("early_terminate: {type: hyperband, min_iter: 1}"), "1: metric", "scheduler hyperband needs metric"),
    (TOP.format(METRIC + "early_terminate: {min_iter: 1}"), "5: early_terminate.type", "missing"),
    (
        TOP.format(METRIC + "early_terminate: {type: asha2, min_iter: 1}"),
        "5: early_terminate.type",
        "did you mean asha?",
    ),
    (TOP.format(METRIC + "early_terminate: {type: hyperband}"), "5: early_terminate.max_iter", "needs min_iter, or"),
    (TOP.format(METRIC + "early_terminate: {type: hyperband, max_iter: 9}"), "5: early_terminate.s", "missing"),
    (TOP.format(METRIC + "early_terminate: {type: hyperband, min_iter: 0}"), "5: early_terminate.min_iter", "below 1"),
    (
        TOP.format(METRIC + "early_terminate: {type: hyperband, min_iter: 1, eta: 1}"),
        "5: early_terminate.eta",
        "above 1",
    ),
    (
        TOP.format(METRIC + "early_terminate: {type: hyperband, max_iter: 2, s: 1}"),
        "5: early_terminate.max_iter",
        "no band",
    ),
    (
        TOP.format(METRIC + "early_terminate: {type: hyperband, min_iter: 1, strict: 1}"),
        "5: early_terminate.strict",
        "true",
    ),
    (
        TOP.format(METRIC + "early_terminate: {type: hyperband, min_iter: 1, b: 1}"),
        "5: early_terminate.b",
        "unknown key",
    ),
    (TOP.format("command: python train.py"), "4: command", "is not a list"),
    (TOP.format("command: [python, {a: 1}]"), "4: command.1", "not a word of a command"),
    # W&B lets a macro that it does not know vanish from the command line.
    (TOP.format("command:\n  - python\n  - ${arg}"), "6: command.1", "did you mean ${args}?"),
    ("method: random\ncommand: ['${program}']\nparameters: {p: {value: 1}}", "2: command.0", "stands for program"),
    ("program: t.py\nmethod: random\nparameters: {1p: {value: 1}}", "3: parameters.1p", "not a parameter name"),
    ("program: t.py\nmethod: random\nparameters: {p q: {value: 1}}", "3: parameters.p q", "not a parameter name"),
    (PARAMETER.format("5"), "4: parameters.p", "write {value: 5}"),
    (PARAMETER.format("{}"), "4: parameters.p", "does not say what to try"),
    (PARAMETER.format("{values: []}"), "4: parameters.p.values", "empty"),
    (PARAMETER.format("{values: 5}"), "4: parameters.p.values", "not a list"),
    (PARAMETER.format("{value: 1, min: 0}"), "4: parameters.p.min", "not to constant"),
    (PARAMETER.format("{min: 1, max: 2, step: 1}"), "4: parameters.p.step", "unknown key"),
    (PARAMETER.format("{min: 1, max: 5, q: 2}"), "4: parameters.p.q", "belongs to q_uniform"),
    (PARAMETER.format("{min: 5, max: 1}"), "4: parameters.p.min", "5 is not below max 1"),
    (PARAMETER.format("{min: 5, max: 5}"), "4: parameters.p.min", "equals max"),
    (PARAMETER.format("{min: a, max: 5}"), "4: parameters.p.min", "not a number"),
    (PARAMETER.format("{min: 1}"), "4: parameters.p.max", "missing"),
    (PARAMETER.format("{min: 1, max: 10.0, distribution: int_uniform}"), "4: parameters.p.max", "not a whole number"),
    (PARAMETER.format("{min: 0, max: 1, distribution: log_uniform_values}"), "4: parameters.p.min", "not above 0"),
    (
        PARAMETER.format("{min: -9, max: -2, distribution: log_uniform}"),
        "4: parameters.p.distribution",
        "use log_uniform_values",
    ),
    (PARAMETER.format("{min: -9, max: -2, distribution: q_log_uniform}"), "4: parameters.p.distribution", "use q_log_"),
    (
        PARAMETER.format("{min: -9, max: -2, distribution: inv_log_uniform}"),
        "4: parameters.p.distribution",
        "use inv_log_",
    ),
    (PARAMETER.format("{min: 0, max: 1, q: 0, distribution: q_uniform}"), "4: parameters.p.q", "0 is not above 0"),
    (PARAMETER.format("{mu: 0}"), "4: parameters.p.mu", "needs a distribution beside it"),
    (PARAMETER.format("{distribution: normal, sigma: -1}"), "4: parameters.p.sigma", "below 0"),
    (PARAMETER.format("{distribution: gauss}"), "4: parameters.p.distribution", "is not known"),
    (
        PARAMETER.format("{values: [1, 2], probabilities: [1]}"),
        "4: parameters.p.probabilities",
        "1 probabilities for 2",
    ),
    (PARAMETER.format("{values: [1, 2], probabilities: [0.5, 0.4]}"), "4: parameters.p.probabilities", "sum to 0.9"),
    (PARAMETER.format("{parameters: {}}"), "4: parameters.p.parameters", "no parameter is given"),
    (PARAMETER.format("{parameters: {q: {value: 1}}, value: 2}"), "4: parameters.p.value", "unknown key"),
    *[
        (PARAMETER.format(text).replace("random", "grid"), "4: parameters.p", "a grid")
        for text in (
            "{min: 0.0, max: 1.0}",
            "{distribution: normal}",
            "{distribution: beta}",
            "{min: 1, max: 9, distribution: log_uniform_values}",
            "{min: 1, max: 9, distribution: q_log_uniform_values}",
            "{values: [1, 2], probabilities: [0.5, 0.5]}",
        )
    ],
]


@pytest.mark.parametrize(("text", "meaning"), PARAMETERS + LENIENT, ids=[text for text, _ in PARAMETERS + LENIENT])
def test_parameters(text: str, meaning: Any) -> None:
    found = loads(PARAMETER.format(text))
    assert found.space == {"p": meaning} and type(found.space["p"]) is type(meaning)
    assert loads(found.to_yaml()) == found


@pytest.mark.parametrize(("text", "attribute", "value"), KEYS, ids=[text for text, _, _ in KEYS])
def test_keys(text: str, attribute: str, value: Any) -> None:
    found = loads(TOP.format(text))
    assert getattr(found, attribute) == value
    assert loads(found.to_yaml()) == found


@pytest.mark.parametrize(("text", "place", "essence"), REFUSED, ids=[f"{p}-{e}"[:60] for _, p, e in REFUSED])
def test_refused(text: str, place: str, essence: str) -> None:
    with pytest.raises(SearchError) as caught:
        loads(text, "sweep.yaml")
    message = str(caught.value)
    assert message.startswith(f"sweep.yaml:{place}") and "\n" not in message
    assert essence in message


def nested() -> Search:
    return loads(
        "program: t.py\nmethod: random\nrun_cap: 1\nparameters:\n"
        "  opt:\n    parameters:\n      name: {value: sgd}\n      inner: {parameters: {b: {value: 0.9}}}\n"
        "  opt.lr: {value: 0.1}\n  a: {value: 1}\n"
    )


def test_nested_parameters_are_mappings_for_the_program_and_dotted_names_are_not() -> None:
    found = nested()
    assert found.fixed == {"opt.name": "sgd", "opt.inner.b": 0.9, "opt.lr": 0.1, "a": 1}
    config = nest(found.fixed, found.nested)
    assert config == {"a": 1, "opt": {"inner": {"b": 0.9}, "name": "sgd"}, "opt.lr": 0.1}
    assert expand(["${args}"], None, config, "c.json", {}) == [
        "--a=1", "--opt={'inner': {'b': 0.9}, 'name': 'sgd'}", "--opt.lr=0.1"
    ]  # fmt: skip
    again = loads(found.to_yaml())
    assert again == found and again.nested == found.nested


def test_a_nested_parameter_is_set_by_its_dotted_name() -> None:
    found = nested().with_overrides(settings={"opt.name": "adam"})
    assert nest(found.fixed, found.nested)["opt"] == {"inner": {"b": 0.9}, "name": "adam"}
    with pytest.raises(SearchError, match=r"opt: has parameters inside, opt\.\S+ for one"):
        nested().with_overrides(settings={"opt": "adam"})


def test_a_grid_is_the_product_in_the_order_of_names_each_point_once() -> None:
    found = loads(
        "program: t.py\nmethod: grid\nparameters:\n  b: {values: [3, 3.0, 4]}\n  a: {min: 1, max: 2}\n"
        "  c: {min: 0, max: 10, q: 4, distribution: q_uniform}\n  d: {value: x}\n"
    )
    points = [tuple(point.values()) for point in sampling.proposals(found)]
    assert points == list(itertools.product([1, 2], [3, 4], [0, 4, 8], ["x"]))
    assert sampling.count(found) == 12


def test_a_random_search_without_run_cap_has_no_end() -> None:
    found = loads(PARAMETER.format("{min: 1, max: 2}"))
    assert sampling.count(found) is None
    assert len(list(itertools.islice(sampling.proposals(found), 500))) == 500


@pytest.mark.parametrize(
    "form", ["min_iter: 1", "min_iter: 2, eta: 2", "max_iter: 9, s: 2", "max_iter: 20, s: 9, eta: 2"]
)
@pytest.mark.parametrize("strict", [True, False])
def test_hyperband_stops_whom_the_rule_of_wandb_stops(form: str, strict: bool) -> None:
    text = f"early_terminate: {{type: hyperband, {form}, strict: {str(strict).lower()}}}"
    found = loads(TOP.format(METRIC + text))
    rules, settings = build_rules(found), found.early_terminate
    assert isinstance(settings, Hyperband)
    rng, histories = random.Random(3), {f"t{number:03d}": list[float]() for number in range(12)}
    running = list(histories)
    stopped = 0
    for _ in range(12):
        for trial in list(running):
            histories[trial].append(rng.random())
            verdict = rules.on_evaluation(trial, len(histories[trial]), histories[trial][-1], False)
            assert verdict.stop == stops(settings, trial, histories)
            if verdict.stop:
                running.remove(trial)
                stopped += 1
    assert 0 < stopped < 12


def stops(settings: Hyperband, trial: str, histories: dict[str, list[float]]) -> bool:
    """W&B's algorithm, for a metric to minimise."""
    own = histories[trial]
    band = max((band for band in bands(settings) if band <= len(own)), default=None)
    if band is None:
        return False
    values = sorted(history[band - 1] for history in histories.values() if len(history) >= band)
    judged = own[band - 1] if settings.strict else min(own)
    return judged > values[int(len(values) / settings.eta)]


def bands(settings: Hyperband) -> list[int]:
    if settings.max_iter is None:
        assert settings.min_iter is not None
        return [int(settings.min_iter * settings.eta**power) for power in range(40)]
    found, band = [], float(settings.max_iter)
    for _ in range(settings.s or 0):
        band /= settings.eta
        if band < 1:
            break
        found.append(int(band))
    return sorted(found)
