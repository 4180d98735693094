"""Command lines with W&B's macros."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import pytest

from cockpit.search.command import MACROS, arguments, check_command, expand, interpreter, takes_parameters
from cockpit.search.errors import Place, SearchError

CONFIG: dict[str, Any] = {
    "lr": 0.0001,
    "fast": True,
    "slow": False,
    "none": None,
    "opt": {"a": 1, "b": "x"},
    "n": [1, 2],
}
OPT, LIST = "opt={'a': 1, 'b': 'x'}", "n=[1, 2]"
PLAIN = ["lr=0.0001", "fast=True", "slow=False", "none=None", OPT, LIST]


@pytest.mark.parametrize(
    ("macro", "words"),
    [
        ("args", [f"--{word}" for word in PLAIN]),
        ("args_no_hyphens", PLAIN),
        ("args_append_hydra", [f"+{word}" for word in PLAIN]),
        ("args_override_hydra", [f"++{word}" for word in PLAIN]),
        ("args_no_boolean_flags", ["--lr=0.0001", "--fast", "--none=None", f"--{OPT}", f"--{LIST}"]),
        (
            "args_no_equals",
            [part for word in PLAIN for part in ("--" + word.partition("=")[0], word.partition("=")[2])],
        ),
        ("args_json", [json.dumps(CONFIG)]),
    ],
)
def test_arguments_are_written_as_wandb_writes_them(macro: str, words: list[str]) -> None:
    assert arguments(macro, CONFIG) == words
    assert expand(["run", f"${{{macro}}}", "end"], None, CONFIG, "", {}) == ["run", *words, "end"]
    assert takes_parameters(["run", f"${{{macro}}}"])


def test_the_default_command(monkeypatch: pytest.MonkeyPatch) -> None:
    assert expand(None, "train.py", {"lr": 1e-5}, "", {}) == ["/usr/bin/env", sys.executable, "train.py", "--lr=1e-05"]
    assert takes_parameters(None) and not takes_parameters(["python", "${program}", "--${args}"])


def test_whole_tokens_are_macros_and_variables_may_stand_anywhere() -> None:
    command = [
        "${envvar:TOOL}",
        "--out=${envvar:HOME}/x/${envvar:UNSET}",
        "--p=${program}",
        "a${args}",
        "${args_json_file}",
    ]
    words = expand(command, "t.py", CONFIG, "/logs/config.json", {"TOOL": "torchrun", "HOME": "/h"})
    assert words == ["torchrun", "--out=/h/x/UNSET", "--p=${program}", "a${args}", "/logs/config.json"]


def test_without_parameters_the_arguments_are_nothing() -> None:
    words = [expand([f"${{{macro}}}"], "t.py", {}, "c.json", {}) for macro in MACROS if macro.startswith("args")]
    assert words == [[], [], [], [], ["{}"], ["c.json"], [], []]


def test_the_interpreter_is_that_of_the_activated_environment(tmp_path: Path) -> None:
    assert interpreter({"VIRTUAL_ENV": str(tmp_path)}) == sys.executable
    python = tmp_path / "bin" / "python"
    python.parent.mkdir()
    python.touch()
    assert interpreter({"VIRTUAL_ENV": str(tmp_path)}) == interpreter({"CONDA_PREFIX": str(tmp_path)}) == str(python)


@pytest.mark.parametrize(
    ("command", "program", "problem"),
    [
        (["${env}", "${arg}"], "t.py", "command.1: ${arg} is not a macro (did you mean ${args}?); allowed: ${env},"),
        (["${envvar:lower}"], "t.py", "command.0: ${envvar:lower} is not a macro (did you mean ${envvar:NAME}?)"),
        (["${program}"], None, "command.0: ${program} stands for program, which is missing"),
    ],
)
def test_what_would_vanish_is_refused(command: list[str], program: str | None, problem: str) -> None:
    with pytest.raises(SearchError) as caught:
        check_command(Place(Path("s.yaml")), command, program)
    assert str(caught.value).startswith(f"s.yaml: {problem}")


def test_what_is_no_whole_macro_is_left_alone() -> None:
    check_command(Place(Path("s.yaml")), ["bash", "-c", "echo ${HOME} $1", "x${args}", "${envvar:A}"], None)
