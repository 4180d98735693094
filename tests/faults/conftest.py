"""One sweep that was cut off in the middle, and copies of it to be damaged; and how many seeds are tried."""

from __future__ import annotations

import shutil
import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from cockpit.events.kinds import Step

from .experiment import Experiment, experiment
from .processes import send, stop, wait_until
from .records import ends, open_trials, size, told

sys.path.append(str(Path(__file__).parents[1] / "engine"))  # stage and sweeping are there

ENOUGH_BYTES = 15_000


@pytest.fixture(scope="session")
def cut(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Experiment]:
    """Killed with two trials under way and some that had ended. Not to be changed."""
    with experiment(tmp_path_factory.mktemp("cut")) as made:
        process = made.sweep()
        wait_until(lambda: process.poll() is not None or _is_in_the_middle(made))
        assert process.poll() is None, "it was to be killed in the middle"
        send(process.pid, signal.SIGKILL)
        process.wait()
        wait_until(lambda: not made.left)
        assert len(open_trials(made.run)) == 2
        yield made


def _is_in_the_middle(made: Experiment) -> bool:
    """If so, the sweep stands still from here on, so that it stays true."""
    if not _has_two_under_way(made):
        return False
    stop(made.started[-1].pid)
    if _has_two_under_way(made):
        return True
    send(made.started[-1].pid, signal.SIGCONT)
    return False


def _has_two_under_way(made: Experiment) -> bool:
    """Both have made steps, and others came to their end."""
    run = made.run
    stepping = [trial for trial in open_trials(run) if any(isinstance(event, Step) for event in told(run, trial))]
    return size(run) > ENOUGH_BYTES and len(stepping) == 2 and bool(ends(run))


@pytest.fixture
def copied(cut: Experiment, tmp_path: Path) -> Iterator[Callable[[], Experiment]]:
    """Makes a copy of the sweep that was cut off, in a folder of another name."""
    with ExitStack() as stack:

        def copy() -> Experiment:
            folder = tmp_path / "elsewhere"
            shutil.copytree(cut.folder, folder)
            return stack.enter_context(experiment(folder, **cut.keys))

        yield copy
