"""The stand-in for Kaggle's service, Kaggle's own client pointed at it, and a guard against any other place."""

import json
import subprocess
import sys
import urllib.request
from pathlib import Path
from typing import NamedTuple

import pytest
from builders import Recorder
from service import Service

from cockpit.cli.main import run
from cockpit.kaggle.client import Client
from cockpit.kaggle.process import Helper
from cockpit.kaggle.retries import Retries

sys.path.append(str(Path(__file__).parents[1] / "tui"))  # tui_stage is there

LOGIN = ("KAGGLE_USERNAME", "KAGGLE_KEY", "KAGGLE_API_TOKEN", "KAGGLE_CONFIG_DIR", "no_proxy", "NO_PROXY")


class Answer(NamedTuple):
    code: int
    out: str
    err: str

    @property
    def document(self):
        assert self.code == 0, self
        return json.loads(self.out)


class Shared:
    """A helper that lives on when its client is closed: starting one takes longer than most tests."""

    def __init__(self, helper):
        self._helper = helper

    def __getattr__(self, name):
        return getattr(self._helper, name)

    def close(self):
        """Not now."""


@pytest.fixture(scope="session")
def _server():
    server = Service()
    yield server
    server.close()


@pytest.fixture(scope="session")
def _home(tmp_path_factory):
    return tmp_path_factory.mktemp("home")


@pytest.fixture(scope="session")
def _helper():
    helper = Helper()
    yield helper
    helper.close()


@pytest.fixture
def helper(_helper):
    """The helper that the tests share, logged in already."""
    return Shared(_helper)


@pytest.fixture(autouse=True)
def service(_server, _home, monkeypatch):
    """The service with nothing on it. Fails the test when any process has tried to get further than this machine."""
    _server.reset()
    for name in LOGIN:
        monkeypatch.delenv(name, raising=False)
    for name, value in _server.environment(_home).items():
        monkeypatch.setenv(name, value)
    yield _server
    urllib.request.install_opener(None)  # it keeps the proxies of its first request
    tried = _home / "connections.log"
    assert not tried.exists(), tried.read_text()


@pytest.fixture
def waits():
    """The seconds that were to be waited between attempts; nobody really waits."""
    return []


@pytest.fixture
def client(_helper, waits):
    """A client whose helper is shared by the tests."""
    return Client(Shared(_helper), Retries(attempts=3, sleep=waits.append, chance=lambda: 0.0))


@pytest.fixture
def cockpit(_helper, waits, tmp_path, monkeypatch, capsys):
    """Runs a command line in this process, in an empty folder, with the shared helper."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("COCKPIT_LOGS", raising=False)
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    monkeypatch.setattr("cockpit.kaggle.client.Helper", lambda: Shared(_helper))
    monkeypatch.setattr("cockpit.kaggle.client.Retries", lambda: Retries(sleep=waits.append))

    def call(*words):
        code = run([str(word) for word in words])
        return Answer(code, *capsys.readouterr())

    return call


@pytest.fixture
def answer(tmp_path):
    """Runs a command line as a process of its own, to its end."""

    def call(*words, **options):
        command = [sys.executable, "-m", "cockpit", *map(str, words)]
        done = subprocess.run(command, capture_output=True, text=True, cwd=tmp_path, timeout=60, check=False, **options)
        return Answer(done.returncode, done.stdout, done.stderr)

    return call


@pytest.fixture
def logs(tmp_path):
    """A logs folder with one finished experiment, `exp001`, whose best trial is t001."""
    recorder = Recorder(tmp_path / "logs")
    recorder.trial(0, [0.5], baseline=True).trial(1, [0.8])
    recorder.end()
    return tmp_path / "logs"


@pytest.fixture
def shared_design():
    """What was recorded of the true client, where it is at hand."""
    folder = Path(__file__).parents[3] / "shared" / "design" / "kaggle"
    if not folder.is_dir():
        pytest.skip("the recorded requests are not here")
    return folder
