"""Fixtures that several suites share."""

import subprocess
import sys

import pytest
from builders import HILL


@pytest.fixture(scope="session", autouse=True)
def _a_machine_of_their_own(tmp_path_factory):
    """Sweeps of these tests neither wait for those of the user nor hold any of the user's GPUs, nor fill a cache."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("COCKPIT_STATE", str(tmp_path_factory.mktemp("machine")))
        patch.setenv("XDG_CACHE_HOME", str(tmp_path_factory.mktemp("cache")))
        patch.setenv("COCKPIT_PICTURES", "0")  # matplotlib takes a second of each sweep; tests of pictures want them
        yield


@pytest.fixture(scope="session")
def recorded(tmp_path_factory):
    """The logs folder of a small sweep that was really run, once. To be read only; copy it to change it."""
    folder = tmp_path_factory.mktemp("recorded")
    (folder / "hill.yaml").write_text(HILL)
    command = [sys.executable, "-m", "cockpit", "sweep", "hill.yaml"]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return folder / "logs"
