"""The list of commands, their help, and how errors of the program itself end."""

import json
import re
import subprocess
import sys
from pathlib import Path

import click
import pytest

from cockpit.cli import main

ROOT = Path(__file__).parents[2]


def test_help_loads_nothing_heavy():
    program = (
        "import json, sys\n"
        "from cockpit.cli.main import run\n"
        "code = run(['--help'])\n"
        "heavy = [name for name in ('torch', 'ray', 'textual', 'optuna', 'rich', 'yaml') if name in sys.modules]\n"
        "print(json.dumps([code, heavy]))"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert json.loads(done.stdout.splitlines()[-1]) == [0, []]


def test_help_lists_every_command_in_80_columns(cockpit):
    answer = cockpit("--help")
    assert (answer.code, answer.err) == (0, "")
    for name, (_, text) in main.COMMANDS.items():
        assert re.search(rf"^  {name} +{re.escape(text)}$", answer.out, re.MULTILINE)
    assert max(map(len, answer.out.splitlines())) <= 80


@pytest.mark.parametrize("name", main.COMMANDS)
def test_every_command_has_help(cockpit, name):
    answer = cockpit(name, "--help")
    assert (answer.code, answer.err) == (0, "")
    assert f"Usage: cockpit {name}" in answer.out
    assert max(map(len, answer.out.splitlines())) <= 80
    assert "..." not in answer.out.replace("ARGS]...", "")
    command = main.cockpit.get_command(click.Context(main.cockpit), name)
    assert command.help
    for option in command.params:
        if isinstance(option, click.Option) and option.name not in ("form", "device"):
            assert option.help, option.name


@pytest.mark.parametrize("name", main.COMMANDS)
def test_every_command_is_in_the_readme(name):
    assert f"cockpit {name}" in (ROOT / "README.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("words", [(), ("--logs", "elsewhere"), ("open",), ("open", "latest", "--logs", "elsewhere")])
def test_without_a_terminal_the_cockpit_says_what_does_without(cockpit, words):
    answer = cockpit(*words)
    assert (answer.code, answer.out) == (2, "")
    assert "needs a terminal" in answer.err
    assert "cockpit ls" in answer.err


def test_the_logs_folder_may_stand_before_the_command(cockpit):
    assert "elsewhere" in cockpit("--logs", "elsewhere", "ls").out


def test_the_version_is_told(cockpit):
    assert re.fullmatch(r"cockpit, version \d+\.\d+\.\d+\n", cockpit("--version").out)


def command_that(action):
    return lambda *_: click.Command("ls", callback=action)


def fail(error):
    raise error


def test_an_error_of_the_program_is_one_line_and_its_traceback_is_kept(cockpit, folder, monkeypatch):
    monkeypatch.setattr(main.LazyGroup, "get_command", command_that(lambda: fail(RuntimeError("two\nlines"))))
    answer = cockpit("ls")
    path = folder / "state" / "cockpit" / "error.log"
    assert (answer.code, answer.out) == (1, "")
    assert answer.err == f"cockpit: RuntimeError: two lines; the traceback is in {path}\n"
    assert "raise error\nRuntimeError: two\nlines" in path.read_text()


def test_ctrl_c_is_130(cockpit, monkeypatch):
    monkeypatch.setattr(main.LazyGroup, "get_command", command_that(lambda: fail(KeyboardInterrupt())))
    answer = cockpit("ls")
    assert answer.code == 130
    assert answer.err.split() == ["cockpit:", "interrupted"]


def test_a_program_runs_by_its_module_and_by_its_name():
    by_name = Path(sys.executable).with_name("cockpit")
    for command in ([sys.executable, "-m", "cockpit"], [by_name]):
        done = subprocess.run([*command, "--version"], capture_output=True, text=True, check=True)
        assert done.stdout.startswith("cockpit, version")
