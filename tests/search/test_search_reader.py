"""Search files: what is read, and what is refused with file, line and key."""

from __future__ import annotations

import random
import re
from pathlib import Path

import pytest

from cockpit.search.confirm import DEFAULT_PAIRS
from cockpit.search.early import Asha, Hyperband, Median
from cockpit.search.errors import SearchError
from cockpit.search.metric import Metric
from cockpit.search.reader import load, loads
from cockpit.search.resources import Resources
from cockpit.search.space import Categorical, Constant, LogUniformValues, Uniform
from cockpit.search.yaml_text import scalar

HEAD = "trainer: toy\nmethod: random\nmetric: {name: score, goal: maximize}\nparameters:\n  x: {min: 0.0, max: 1.0}\n"

FULL = """
apiVersion: v1
kind: sweep
controller: {type: local}
entity: me
project: mine
job: j
image_uri: i
name: the name!
description: More words.
note: Why?
expected: 2 minutes
trainer: toy
method: bayes
metric:
  name: loss
  target: 1e-1
  impute: latest
  impute_while_running: false
parameters:
  lr: {distribution: log_uniform_values, min: 1e-4, max: 1e-2}
  opt:
    parameters:
      kind: {values: [sgd, adam]}
  steps: {value: 5}
baseline:
  lr: 5e-4
  opt: {kind: adam}
  steps: 5.0
run_cap: 7
engine: local
sampler: gp
early_terminate: {type: hyperband, max_iter: 27, s: 2}
floor: 3
patience: 2
resources: {cpu: 1.5, gpu: 0.5, memory: 4GiB}
concurrent: 2
seed: 3
seeds: 2
confirm: 3
"""

# The text after HEAD, the line and key to blame, and the beginning of the problem.
REFUSED: list[tuple[str, str]] = [
    ("run_cap: 0", "6: run_cap: 0 is below 1"),
    ("run_cap: 2.5", "6: run_cap: 2.5 is not a whole number"),
    ("concurrent: 0", "6: concurrent: 0 is below 1"),
    ("seeds: 0", "6: seeds: 0 is below 1"),
    ("seed: -1", "6: seed: -1 is below 0"),
    ("patience: 0", "6: patience: 0 is below 1"),
    ("floor: high", "6: floor: 'high' is not a number"),
    ("schedular: asha", "6: schedular: unknown key (did you mean scheduler?); allowed: name, expected, trainer,"),
    ("scheduler: ash", "6: scheduler: 'ash' is not known (did you mean asha?); allowed: asha, hyperband, median, pbt,"),
    ("scheduler: {engine: optuna}", "6: scheduler: W&B's scheduler mapping is not supported; name one: asha,"),
    ("scheduler: asha\nearly_terminate: {type: median}", "6: scheduler: asha contradicts early_terminate, whose type"),
    ("early_terminate: {type: huperband}", "6: early_terminate.type: 'huperband' is not known (did you mean hyperb"),
    ("early_terminate: {eta: 2}", "6: early_terminate.type: missing; allowed: hyperband, asha, median"),
    ("early_terminate: {type: hyperband}", "6: early_terminate.max_iter: missing; hyperband needs min_iter, or max"),
    ("early_terminate: {type: hyperband, max_iter: 9}", "6: early_terminate.s: missing; hyperband needs"),
    ("early_terminate: {type: hyperband, max_iter: 2, s: 1}", "6: early_terminate.max_iter: 2 leaves no band"),
    ("early_terminate: {type: hyperband, min_iter: 1, max_iter: 9}", "6: early_terminate.s: missing; hyperband needs"),
    ("early_terminate: {type: hyperband, min_iter: 0}", "6: early_terminate.min_iter: 0 is below 1"),
    ("early_terminate: {type: asha, eta: 1}", "6: early_terminate.eta: 1 is not above 1"),
    ("early_terminate: {type: asha, max_iter: 1}", "6: early_terminate.max_iter: unknown key"),
    (
        "early_terminate:\n  type: hyperband\n  min_iter: 1\n  strict: 1",
        "9: early_terminate.strict: 1 is not true or f",
    ),
    ("engine: dask", "6: engine: 'dask' is not known; allowed: ray, local"),
    ("sampler: tpe", "6: sampler: tpe is not for method random; allowed: random"),
    ("sampler: bohb", "6: sampler: 'bohb' is not known; allowed: grid, random, tpe, gp, cmaes, nsga2"),
    ("kind: job", "6: kind: 'job' is not known; allowed: sweep"),
    ("metrics: [{name: a}, {name: b}]", "3: metric: excludes metrics, the first of which ranks trials"),
    ("initial: {x: 1}", "6: initial: {'x': 1} is not a list; write [{'x': 1}]"),
    ("initial: [1]", "6: initial.0: 1 is not a mapping of keys to values"),
    ("initial:\n- {x: 0.5}\n- {}", "8: initial.1: empty; name at least one parameter"),
    ("initial:\n- x: 0.5\n- x: 1.5", "8: initial.1.x: 1.5 lies outside parameters.x (distribution: uniform, min: 0.0"),
    ("initial: [{y: 1}]", "6: initial.0.y: not under parameters; allowed: x"),
    ("program: train.py", "1: trainer: excludes program and command; keep one of them"),
    ("resources: {cpus: 1}", "6: resources.cpus: unknown key (did you mean cpu?); allowed: cpu, gpu, tpu, memory"),
    ("resources: {cpu: -1}", "6: resources.cpu: -1 is below 0"),
    ("resources: {gpu: 1.5}", "6: resources.gpu: 1.5 is neither a fraction of one nor a whole number"),
    ("resources: {memory: much}", "6: resources.memory: 'much' is not an amount of memory; write e.g. 4GB"),
    ("resources: [1]", "6: resources: [1] is not a mapping of keys to values"),
    ("baseline:\n  y: 1", "7: baseline.y: not under parameters; trials would not use this value"),
    ("baseline: {}\nname: ''", "7: name: '' is not a text"),
    ("baseline: {x: .nan}", "6: baseline.x: nan cannot be a value"),
    ("method: grid", "6: method: the key stands here twice, first in line 2; remove one"),
    ("note: {", "6: not valid YAML: "),
    ("note: a: b", "6: not valid YAML: mapping values are not allowed here (column 8)"),
    ("note: \x07", "6: not valid YAML: the character U+0007 is not allowed"),
    ("note: !!python/object/apply:os.system [ls]", "6: not valid YAML: could not determine a constructor for the tag"),
    ("---\na: 1", "6: not valid YAML: but found another document (column 1)"),
]


def refusal(text: str) -> str:
    with pytest.raises(SearchError) as caught:
        loads(text, "dir/s.yaml")
    message = str(caught.value)
    assert message.isprintable()
    return message


@pytest.mark.parametrize(("tail", "problem"), REFUSED, ids=[tail for tail, _ in REFUSED])
def test_refused(tail: str, problem: str) -> None:
    assert refusal(HEAD + tail).startswith(f"dir/s.yaml:{problem}")


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("", "1: the file is empty; a search needs at least method and parameters"),
        ("# nothing", "1: the file is empty"),
        ("- a", "1: ['a'] is not a mapping of keys to values"),
        ("1: 2", "1: 1: YAML does not read this key as text; put it in quotes"),
        ("method: grid\nparameters:\n  on: {value: 1}", "3: parameters.on: YAML does not read this key as text"),
        ("method: grid\n=: 1", "2: =: YAML does not read this key as text"),
        ("\n\nmethod: grid", "3: parameters: missing; name what to try, e.g. parameters: {lr:"),
        ("method: grid\nparameters:", "2: parameters: missing; name what to try"),
        ("parameters: {x: {value: 1}}", "1: method: missing; allowed: grid, random, bayes"),
        (
            "method: bays\nparameters: {x: {value: 1}}",
            "1: method: 'bays' is not known (did you mean bayes?); allowed: ",
        ),
        ("method: custom\nparameters: {x: {value: 1}}", "1: method: custom needs a W&B server; allowed: grid, random"),
        ("method: grid\nparameters: {x: {value: 1}}", "1: trainer: missing; name a trainer"),
        (
            "method: bayes\ntrainer: toy\nparameters: {x: {value: 1}}",
            "1: metric: missing; method bayes needs metric: {name: …, goal: maximize or minimize}",
        ),
        ("method: grid\ntrainer: toy\nfloor: 1\nparameters: {x: {value: 1}}", "1: metric: missing; floor needs"),
        (
            "method: grid\ntrainer: toy\nparameters:\n  x:\n    distribution: normal",
            "4: parameters.x: a grid cannot enumerate normal; use value, values, int_uniform or q_uniform, or method",
        ),
        (
            "method: grid\ntrainer: toy\nparameters:\n  x:\n    values: [1, 2]\n    probabilities: [0.5, 0.5]",
            "6: parameters.x.probabilities: a grid tries every value once; remove them, or use method random",
        ),
        (
            "method: grid\ntrainer: toy\nparameters:\n  x: {min: 0, max: 99999999999}",
            "4: parameters.x: a grid of 100000000000 values is more than 10000; use method random or bayes",
        ),
        (
            "method: grid\ntrainer: toy\nparameters:\n  o:\n    parameters:\n      x: {min: 0.0, max: 1.0}",
            "6: parameters.o.x: a grid cannot enumerate uniform",
        ),
        (
            "method: grid\ntrainer: toy\nparameters:\n  o:\n    parameters:\n      x: {min: 64, max: 8}",
            "6: parameters.o.parameters.x.min: 64 is not below max 8; swap them",
        ),
        (
            "method: grid\ntrainer: toy\nparameters:\n  x: {value: 1}\n  x: {value: 2}",
            "5: parameters.x: the key stands here twice, first in line 4; remove one",
        ),
        (
            "method: grid\ntrainer: toy\nparameters:\n  x: {value: 1}\n  y: {values: [1, 2]}\nbaseline:\n  x: 1",
            "6: baseline.y: missing; the baseline needs a value for every parameter that varies",
        ),
        (
            "method: grid\ntrainer: toy\nparameters:\n  x: {value: 1}\nbaseline:\n  x: 2",
            "6: baseline.x: 2 contradicts parameters.x, fixed at 1 for all trials; if the difference is meant, write "
            "values: [1] there",
        ),
        (
            "method: grid\ntrainer: toy\nseeds: 2\nparameters:\n  seed: {values: [1, 2]}",
            "5: parameters.seed: seeds varies the seed; remove one of the two",
        ),
        (
            "method: grid\nmetric: f1\nparameters: {x: {value: 1}}",
            "2: metric: a text is not enough; write metric: {nam",
        ),
        ("method: grid\nmetric: {goal: minimize}", "1: parameters: missing"),
        ("method: grid\nmetric: {goal: minimize}\nparameters: {x: {value: 1}}", "2: metric.name: missing"),
        (
            "method: grid\nmetric:\n  name: a\n  goal: max\nparameters: {x: {value: 1}}",
            "4: metric.goal: 'max' is not known; allowed: maximize, minimize",
        ),
        (
            "method: grid\nmetric: {name: a, gaol: x}\nparameters: {x: {value: 1}}",
            "2: metric.gaol: unknown key (did yo",
        ),
        (
            "method: grid\nmetric: {name: a, target: b}\nparameters: {x: {value: 1}}",
            "2: metric.target: 'b' is not a nu",
        ),
        ("? [a]\n: b", "1: ?: YAML does not read this key as text; put it in quotes"),
        ("a: !!int b", " not usable YAML: invalid literal for int() with base 10: 'b'"),
        ("a: &a [*a]", " not usable YAML: nested too deeply"),
        ("a: " + "[" * 5000, " not usable YAML: nested too deeply"),
        ("a: " + "9" * 5000, " not usable YAML: Exceeds the limit"),
        ('"\\e[31mred": 1', "1:  [31mred: unknown key"),
    ],
)
def test_refused_whole_files(text: str, problem: str) -> None:
    assert refusal(text).startswith(f"dir/s.yaml:{problem}")


def test_an_expanding_file_is_refused() -> None:
    rows = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    rows += [f"a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * 10)}]" for i in range(1, 9)]
    assert "the file has more than 20000 keys" in refusal("\n".join(rows))


def test_a_full_file() -> None:
    search = loads(FULL, "dir/s.yaml")
    assert (search.name, search.slug, search.path) == ("the name!", "the-name", Path("dir/s.yaml"))
    assert search.note == "Why?\n\nMore words." and search.expected == "2 minutes"
    assert search.metric == Metric("loss", "minimize", 0.1, "latest", "false")
    assert search.space == {
        "lr": LogUniformValues(0.0001, 0.01),
        "opt.kind": Categorical(("sgd", "adam")),
        "steps": Constant(5),
    }
    assert search.baseline == {"lr": 0.0005, "opt.kind": "adam", "steps": 5}
    assert (search.fixed, list(search.varied)) == ({"steps": 5}, ["lr", "opt.kind"])
    assert (search.scheduler, search.early_terminate) == ("hyperband", Hyperband(max_iter=27, s=2))
    assert search.resources == Resources(cpu=1.5, gpu=0.5, memory=4 * 1024**3)
    assert (search.trial_seeds, search.confirm) == ((3, 4), 3)
    assert (search.floor, search.patience, search.run_cap, search.concurrent) == (3.0, 2, 7, 2)
    assert set(search.ignored) == {"apiVersion", "kind", "controller", "entity", "project", "job", "image_uri"}


def test_defaults() -> None:
    search = loads(HEAD, "dir/s.yaml")
    assert (search.name, search.engine, search.sampler, search.scheduler) == ("s", "ray", "random", "none")
    assert (search.run_cap, search.baseline, search.resources, search.seeds) == (None, {}, Resources(), 1)
    assert loads(HEAD.replace("random", "bayes")).sampler == "tpe"


@pytest.mark.parametrize(
    ("tail", "scheduler", "early"),
    [
        ("scheduler: asha", "asha", Asha(1, 3.0)),
        ("scheduler: median", "median", Median(1, 3)),
        ("scheduler: hyperband", "hyperband", Hyperband(min_iter=1)),
        ("scheduler: none", "none", None),
        ("scheduler: pbt", "pbt", None),
        ("early_terminate: {type: asha, min_iter: 2, eta: 4}", "asha", Asha(2, 4.0)),
        ("scheduler: median\nearly_terminate: {type: median, grace: 0, min_trials: 5}", "median", Median(0, 5)),
        ("early_terminate: {type: hyperband, min_iter: 3, strict: false}", "hyperband", Hyperband(3, strict=False)),
    ],
)
def test_scheduler_and_early_terminate_complete_each_other(tail: str, scheduler: str, early: object) -> None:
    search = loads(HEAD + tail)
    assert (search.scheduler, search.early_terminate) == (scheduler, early)


def test_damaged_files_are_refused_in_one_line_or_still_round_trip() -> None:
    rng = random.Random(11)
    pieces = ["null", "1e-4", "-1", "[]", "{", "}", ":", "- ", "&a", "*a", "true", "1e400", "'", "!!set", "grid", "\t"]
    refused = 0
    for _ in range(150):
        tokens = re.split(r"(\s+|[:,{}\[\]])", FULL)
        for _ in range(rng.randint(1, 3)):
            tokens[rng.randrange(len(tokens))] = rng.choice(pieces)
        try:
            search = loads("".join(tokens), "s.yaml")
            assert loads(search.to_yaml()) == search
        except SearchError as error:
            refused += 1
            assert str(error).startswith("s.yaml:") and str(error).isprintable()
    assert 50 < refused < 150


def test_merged_mappings_keep_their_lines() -> None:
    text = HEAD + "  y: &r\n    min: 9.0\n    max: 1.0\n"
    assert refusal(text).startswith("dir/s.yaml:7: parameters.y.min: 9.0 is not below")
    text = HEAD + "  y: &r {min: 0.0, max: 1.0}\n  z: {<<: *r, max: 2.0}\n"
    assert loads(text).space["z"] == Uniform(0.0, 2.0)


def test_files(tmp_path: Path) -> None:
    path = tmp_path / "s.yaml"
    with pytest.raises(SearchError, match=r"s\.yaml: cannot be read: No such file"):
        load(path)
    with pytest.raises(SearchError, match="cannot be read: Is a directory"):
        load(tmp_path)
    path.write_bytes(b"\xef\xbb\xbf" + HEAD.encode())
    assert load(path).name == "s"
    path.write_bytes(b"name: \xff")
    with pytest.raises(SearchError, match=r"not UTF-8 text \(byte 6\)"):
        load(path)


def test_a_path_below_the_working_folder_is_shown_relative(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(SearchError) as caught:
        loads("method: x", tmp_path / "searches" / "s.yaml")
    assert str(caught.value).startswith("searches/s.yaml:1: parameters: missing")


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("5", 5),
        ("1e-4", 0.0001),
        ("-2.5E3", -2500.0),
        ("true", True),
        ("null", None),
        ("[1, a]", [1, "a"]),
        ("abc", "abc"),
        ("", ""),
        ("image+text", "image+text"),
        ("a: b", "a: b"),
        ("{", "{"),
        ("'1e-4'", "1e-4"),
        ("1e-4abc", "1e-4abc"),
    ],
)
def test_scalar(text: str, value: object) -> None:
    assert scalar(text) == value and type(scalar(text)) is type(value)


SEVERAL = HEAD.replace(
    "metric: {name: score, goal: maximize}", "metrics:\n- {name: score, goal: maximize}\n- name: loss"
)


def test_several_metrics_have_a_first_one_that_ranks() -> None:
    search = loads(SEVERAL.replace("random", "bayes"))
    assert search.metrics == (Metric("score", "maximize"), Metric("loss", "minimize"))
    assert (search.metric, search.sampler) == (search.metrics[0], "nsga2")
    assert loads(SEVERAL.replace("random", "bayes") + "sampler: gp").sampler == "gp"
    assert loads(SEVERAL).sampler == "random"
    assert loads(search.to_yaml()) == search


@pytest.mark.parametrize(
    ("old", "new", "problem"),
    [
        ("\n- name: loss", "", "3: metrics: only one; name at least two, or write metric"),
        ("name: loss", "name: score", "5: metrics.1.name: score stands here twice; remove one"),
        (
            "name: loss",
            "name: loss\n  target: 1",
            "6: metrics.1.target: only the first metric ends a search; remove it",
        ),
        ("name: loss", "goal: minimize", "5: metrics.1.name: missing; name what the trainer reports"),
        (
            "random",
            "bayes\nsampler: cmaes",
            "3: sampler: cmaes knows one metric only; allowed with metrics: tpe, gp, nsg",
        ),
    ],
)
def test_several_metrics_that_cannot_be(old: str, new: str, problem: str) -> None:
    assert refusal(SEVERAL.replace(old, new)).startswith(f"dir/s.yaml:{problem}")


@pytest.mark.parametrize(
    ("text", "pairs"),
    [("3", 3), ("0", 0), ("true", DEFAULT_PAIRS), ("false", 0), ("{seeds: 5}", 5), ("{}", DEFAULT_PAIRS)],
)
def test_a_confirmation_is_so_many_pairs(text: str, pairs: int) -> None:
    search = loads(f"{HEAD}baseline: {{x: 0.5}}\nconfirm: {text}\n")
    assert search.confirm == pairs
    assert loads(search.to_yaml()) == search


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("two", "confirm: 'two' is not a whole number"),
        ("{pairs: 2}", "confirm.pairs: unknown key"),
        ("{seeds: 1}", "confirm: 1 pair shows no noise to hold a difference against; write 2 or more"),
    ],
)
def test_what_is_no_confirmation_is_refused(text: str, problem: str) -> None:
    with pytest.raises(SearchError) as caught:
        loads(f"{HEAD}baseline: {{x: 0.5}}\nconfirm: {text}\n")
    assert problem in str(caught.value)
