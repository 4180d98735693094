"""One sweep that was cut off in the middle, and copies of it to be damaged; and how many seeds are tried."""

from __future__ import annotations

import shutil
import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from .experiment import Experiment, experiment
from .processes import send, wait_until
from .records import ends, open_trials, size, trial_pids

sys.path.append(str(Path(__file__).parents[1] / "engine"))  # stage and sweeping are there

ENOUGH_BYTES = 15_000


@pytest.fixture(scope="session")
def cut(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Experiment]:
    """Killed with two trials under way and some that had ended. Not to be changed."""
    with experiment(tmp_path_factory.mktemp("cut")) as made:
        process = made.sweep()
        wait_until(lambda: size(made.run) > ENOUGH_BYTES and len(trial_pids(made.run)) == 2 and ends(made.run))
        assert process.poll() is None, "it was to be killed in the middle"
        send(process.pid, signal.SIGKILL)
        process.wait()
        wait_until(lambda: not made.left)
        assert len(open_trials(made.run)) == 2
        yield made


@pytest.fixture
def copied(cut: Experiment, tmp_path: Path) -> Iterator[Callable[[], Experiment]]:
    """Makes a copy of the sweep that was cut off, in a folder of another name."""
    with ExitStack() as stack:

        def copy() -> Experiment:
            folder = tmp_path / "elsewhere"
            shutil.copytree(cut.folder, folder)
            return stack.enter_context(experiment(folder, **cut.keys))

        yield copy
