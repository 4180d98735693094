"""A search: written and read again, overridden, resolved to a trainer."""

from __future__ import annotations

import pickle
from pathlib import Path

import pytest
from test_search_reader import FULL, HEAD
from test_search_space import CONFORMANCE

from cockpit.search.errors import SearchError
from cockpit.search.find import available, find_search
from cockpit.search.reader import load, loads
from cockpit.search.resolve import resolve_trainer
from cockpit.search.resources import Resources
from cockpit.search.space import Constant
from cockpit.search.spec import Search

SHIPPED = [
    "arcface",
    "audio",
    "audio_folds",
    "aux_weight",
    "batch_size_lr",
    "demo",
    "lr",
    "matching_folds",
    "matching_heads",
    "matching_lr",
    "sgnn",
    "smoothing",
    "toxicity",
    "toxicity_folds",
    "vote",
    "xnli",
]
BASED = HEAD + "  n: {value: 5}\nbaseline: {x: 0.5}\nresources: {memory: 1e9}\n"


def shipped(name: str) -> Search:
    return load(find_search(name, Path("/nowhere")))


@pytest.mark.parametrize("name", SHIPPED)
def test_shipped_searches_round_trip(name: str) -> None:
    search = shipped(name)
    again = loads(search.to_yaml(), "elsewhere/other.yaml")
    assert again == search and again.to_yaml() == search.to_yaml()


@pytest.mark.parametrize("name", SHIPPED)
def test_shipped_searches_say_question_time_and_command_on_top(name: str) -> None:
    search = shipped(name)
    head = search.path.read_text(encoding="utf-8").splitlines()[:3]
    assert head[0] == f"# Question: {search.note}"
    assert head[1].startswith(f"# Expected time: {search.expected}")
    assert head[2] == f"# Run: cockpit sweep {name}"
    assert search.name == name and search.baseline


@pytest.mark.parametrize("text", [FULL, HEAD, BASED, HEAD + 'note: "a\\nb \\u00e9: [x] 1e-4"\nname: 1e-4x\n'])
def test_round_trip(text: str) -> None:
    search = loads(text)
    assert loads(search.to_yaml()) == search
    assert pickle.loads(pickle.dumps(search)) == search


@pytest.mark.parametrize(("text", "found"), CONFORMANCE, ids=[text for text, _ in CONFORMANCE])
def test_every_distribution_round_trips(text: str, found: object) -> None:
    search = loads(f"method: random\ntrainer: toy\nparameters:\n  p: {text}\n")
    assert search.space == {"p": found}
    assert loads(search.to_yaml()) == search


def test_program_and_command_are_kept() -> None:
    search = loads("program: train.py\ncommand: [python, '${program}', 1]\nmethod: grid\nparameters: {x: {value: 1}}")
    assert search.command == ("python", "${program}", "1")
    assert loads(search.to_yaml()) == search
    with pytest.raises(ValueError, match="runs a program, not a trainer"):
        resolve_trainer(search, ["toy"])


def test_resolve_trainer() -> None:
    assert resolve_trainer(loads(HEAD), ["toy", "matching"]) == "toy"
    assert resolve_trainer(loads(HEAD.replace("toy", "my.module")), ["toy"]) == "my.module"
    with pytest.raises(SearchError) as caught:
        resolve_trainer(loads(HEAD.replace("toy", "tory")), ["toy", "matching"])
    assert str(caught.value) == "search.yaml:1: trainer: tory is not known (did you mean toy?); allowed: toy, matching"


def test_overrides_replace_what_they_name() -> None:
    search = loads(BASED).with_overrides(
        trials=3, engine="local", concurrent=4, cpus=2, gpus=0.5, seed=9, note="other", epochs=1.5
    )
    assert (search.run_cap, search.engine, search.concurrent, search.seed, search.note) == (3, "local", 4, 9, "other")
    assert search.resources == Resources(cpu=2, gpu=0.5, memory=10**9)
    assert search.space["epochs"] == Constant(1.5) and search.baseline["epochs"] == 1.5
    assert loads(search.to_yaml()) == search
    assert loads(BASED).with_overrides() == loads(BASED)


def test_a_setting_fixes_a_searched_parameter_for_trials_and_baseline() -> None:
    search = loads(BASED).with_overrides(settings={"x": 0.25, "n": 6})
    assert search.fixed == {"x": 0.25, "n": 6} and search.baseline == {"x": 0.25, "n": 6}
    assert loads(HEAD).with_overrides(settings={"x": 0.25}).baseline == {}


@pytest.mark.parametrize(
    ("overrides", "problem"),
    [
        ({"trials": 0}, "search.yaml: run_cap: 0 is below 1"),
        ({"concurrent": -1}, "search.yaml: concurrent: -1 is below 1"),
        ({"settings": {"a b": 1}}, "search.yaml: a b: not a parameter name"),
        ({"settings": {"x": float("nan")}}, "search.yaml: x: nan cannot be a value"),
    ],
)
def test_overrides_that_cannot_be(overrides: dict[str, object], problem: str) -> None:
    with pytest.raises(SearchError) as caught:
        loads(BASED + "run_cap: 5\nconcurrent: 1\n").with_overrides(**overrides)  # type: ignore[arg-type]
    assert str(caught.value) == problem


def test_slug_is_safe_in_a_path() -> None:
    assert loads(HEAD + "name: ../../etc").slug == "etc"
    assert loads(HEAD + "name: '...'").slug == "search"


def test_find_by_name_path_and_shipped(tmp_path: Path) -> None:
    folder = tmp_path / "searches"
    folder.mkdir()
    (folder / "mine.yaml").write_text("# ---\n#\n# Question: Why?\n" + HEAD)
    (folder / "mine.yml").write_text(HEAD)
    (folder / "demo.yml").write_text(HEAD)
    (folder / "note.txt").write_text("")
    (tmp_path / "loose.yaml").write_text(HEAD)
    assert find_search("mine", tmp_path) == find_search("mine.yaml", tmp_path) == folder / "mine.yaml"
    assert find_search("searches/mine.yaml", tmp_path) == folder / "mine.yaml"
    assert find_search(folder / "mine.yaml", Path("/")) == folder / "mine.yaml"
    assert find_search("loose.yaml", tmp_path) == tmp_path / "loose.yaml"
    assert find_search("demo", tmp_path) == folder / "demo.yml"
    assert find_search("arcface", tmp_path).parent.name == "searches"
    known = available(tmp_path)
    assert [search.name for search in known] == ["demo", "mine", *(name for name in SHIPPED if name != "demo")]
    questions = {search.name: search.question for search in known}
    assert questions["mine"] == "---" and questions["demo"] == ""


@pytest.mark.parametrize("name", ["arcfase", "", ".", "../arcface", "searches/arcfase.yaml", "words.txt"])
def test_what_is_not_found_lists_what_there_is(name: str, tmp_path: Path) -> None:
    with pytest.raises(SearchError) as caught:
        find_search(name, tmp_path)
    hint = " (did you mean arcface?)" if "arcf" in name else ""
    known = ", ".join(SHIPPED)
    assert str(caught.value) == f"there is no search {name!r}{hint}; known: {known}; or give a path"
