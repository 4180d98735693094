"""Fixtures that several suites share."""

import subprocess
import sys

import pytest
from builders import HILL


@pytest.fixture(scope="session")
def recorded(tmp_path_factory):
    """The logs folder of a small sweep that was really run, once. To be read only; copy it to change it."""
    folder = tmp_path_factory.mktemp("recorded")
    (folder / "hill.yaml").write_text(HILL)
    command = [sys.executable, "-m", "cockpit", "sweep", "hill.yaml"]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return folder / "logs"
