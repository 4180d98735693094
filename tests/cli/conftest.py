"""Running commands in this process and in others."""

import os
import subprocess
import sys
from typing import NamedTuple

import pytest
from builders import HILL

from cockpit.cli.main import run


class Answer(NamedTuple):
    code: int
    out: str
    err: str

    @property
    def complaint(self):
        """The one line of a refusal."""
        assert self.code == 2, self
        assert self.out == ""
        (line,) = self.err.splitlines()
        assert line.startswith("cockpit: ")
        return line


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """An empty working folder with the search `hill.yaml` in it."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("COCKPIT_LOGS", raising=False)
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    (tmp_path / "hill.yaml").write_text(HILL)
    return tmp_path


@pytest.fixture
def cockpit(folder, capsys):
    """Runs a command line in this process."""

    def call(*words):
        code = run([str(word) for word in words])
        return Answer(code, *capsys.readouterr())

    return call


@pytest.fixture
def spawn(folder):
    """Starts a command line as a process; whatever still runs at the end of the test is killed."""
    started = []

    def start(*words, **options):
        defaults = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True, "cwd": folder}
        environment = {**os.environ, **options.pop("env", {})}
        command = [sys.executable, "-m", "cockpit", *map(str, words)]
        started.append(subprocess.Popen(command, env=environment, **{**defaults, **options}))
        return started[-1]

    yield start
    for process in started:
        if process.poll() is None:
            process.kill()
        process.communicate()


@pytest.fixture
def answer(spawn):
    """Runs a command line as a process to its end."""

    def call(*words, **options):
        process = spawn(*words, **options)
        out, err = process.communicate(timeout=60)
        return Answer(process.returncode, out, err)

    return call
