"""Planted leaks are found by `cockpit check` in models that were really trained, and clean ones are not accused."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from sweeping import Sweep, run

from cockpit.checks.finding import LEAK, OK, REMARK
from cockpit.checks.kept import looks
from cockpit.checks.leaderboard import GAP
from cockpit.checks.record import TRIVIAL
from cockpit.checks.registry import CHECKS
from cockpit.cli.main import run as command
from cockpit.diary import book
from cockpit.store.folder import find_experiment

LOOKS = 5  # ways to look at a trained model once more
LEAKS = ("none", "attention", "labels", "groups")
# Long enough for an honest model to beat answers without a model.
SHORT = {"epochs": 0.5, "batch_size": 32, "lr": 1e-3, "norms_every": 0}
# The checks that have to find each of them.
FOUND = {
    "none": set(),
    "attention": {"order", "batch 1"},
    "labels": {"labels withheld"},
    "groups": {"groups apart"},
}


@pytest.fixture(scope="module")
def leaky(tmp_path_factory: pytest.TempPathFactory) -> Sweep:
    return run(
        tmp_path_factory.mktemp("logs"),
        trainer="engine_trainers.leaks",
        method="grid",
        metric={"name": "row_f1", "goal": "maximize"},
        parameters={"leak": {"values": list(LEAKS)}} | {key: {"value": value} for key, value in SHORT.items()},
        concurrent=1,
    )


@pytest.mark.parametrize("leak", LEAKS)
def test_a_leak_is_found_by_the_checks_that_look_for_it_and_by_no_other(
    leaky: Sweep, leak: str, capsys: pytest.CaptureFixture[str]
) -> None:
    trial = leaky.by("leak")[leak]
    assert trial.status == "finished", leaky.log
    logs = leaky.run.path.parent
    code = command(["check", f"{leaky.run.id}/{trial.id}", "--device", "cpu", "--json", "--logs", str(logs)])
    answer = json.loads(capsys.readouterr().out)
    levels = {finding["check"]: finding["level"] for finding in answer["findings"]}
    found = {check for check, level in levels.items() if level == LEAK}
    assert found == FOUND[leak], answer
    assert {level for check, level in levels.items() if leak == "none" or check != TRIVIAL} <= {LEAK, OK}, answer
    assert (code, answer["ok"]) == ((1, False) if found else (0, True))
    told = [finding["text"] for finding in answer["findings"] if finding["level"] == LEAK]
    entry = book.read(logs)
    assert all(f"- ⚠ {trial.id}, {check}: " in entry for check in found), entry
    assert (
        found or f"- {trial.id} checked: reproduced, order, batch 1, labels withheld, groups apart: no shift" in entry
    )
    assert [one.text for one in looks(leaky.run)[trial.id].findings if one.level == LEAK] == told


CLEAN: dict[str, tuple[str, dict[str, Any]]] = {
    "toxicity": ("auc", {"epochs": 0.5, "batch_size": 16, "tokens": 16, "predict": False}),
    "xnli": ("accuracy", {"epochs": 0.5, "batch_size": 16, "lr": 1e-3}),
    "sentences": ("pair_auc", {"epochs": 0.3, "batch_size": 48, "width": 16, "heads": 2, "embedding": 16}),
}


@pytest.mark.slow
@pytest.mark.parametrize("name", CLEAN)
def test_trainers_that_do_not_cheat_are_not_accused(
    name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    metric, settings = CLEAN[name]
    run(
        tmp_path,
        trainer=name,
        method="grid",
        metric={"name": metric, "goal": "maximize"},
        parameters={key: {"value": value} for key, value in settings.items()} | {"seed": {"values": [0, 1]}},
        concurrent=1,
    )
    code = command(["check", "latest", "--device", "cpu", "--json", "--logs", str(tmp_path)])
    answer = json.loads(capsys.readouterr().out)
    levels = {finding["check"]: finding["level"] for finding in answer["findings"]}
    if name == "xnli":
        del levels[TRIVIAL]  # in half an epoch it need not have learnt anything
    del levels[GAP]  # nobody has entered a score of a leaderboard
    assert set(levels.values()) <= {OK, REMARK}, answer
    assert code == (0 if answer["ok"] else 1)
    assert len({finding["check"] for finding in answer["findings"]}) == LOOKS + len(CHECKS)


def test_a_sweep_that_says_so_looks_at_its_best_trial(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("hill.yaml").write_text(
        "trainer: toy\nengine: local\nmethod: grid\nmetric: {name: score, goal: maximize}\n"
        "parameters: {x: {values: [0.1, 0.2]}, steps: {value: 2}, epochs: {value: 1}}\n"
    )
    assert command(["sweep", "hill.yaml", "--check"]) == 0
    (best,) = looks(find_experiment(Path("logs"), "latest"))
    out = capsys.readouterr().out
    assert f"{best} checked: second look unknown" in out
    assert f"- {best} could not be checked: toy trains no torch model" in book.read(Path("logs"))
