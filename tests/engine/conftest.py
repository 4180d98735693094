"""Where the trainers of these tests are, and a deadline for every test: what hangs shall fail."""

from __future__ import annotations

import os
import signal
from collections.abc import Generator, Iterator
from pathlib import Path

import pytest

HERE = Path(__file__).parent
REPOSITORY = HERE.parents[1]
DEADLINE_SECONDS, SLOW_SECONDS = 120, 600


@pytest.fixture(scope="session", autouse=True)
def _trainers_of_these_tests() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        path = os.environ.get("PYTHONPATH", "")
        patch.setenv("PYTHONPATH", os.pathsep.join(filter(None, (str(HERE), str(REPOSITORY), path))))
        yield


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item: pytest.Item) -> Generator[None, object, object]:
    """Not a fixture, because sweeps run in the set-up of tests too."""
    if HERE not in item.path.parents:  # several processes of tests share their hooks
        return (yield)
    seconds = DEADLINE_SECONDS if item.get_closest_marker("slow") is None else SLOW_SECONDS

    def give_up(*_: object) -> None:
        pytest.fail(f"not over after {seconds} seconds")

    previous = signal.signal(signal.SIGALRM, give_up)
    signal.alarm(seconds)
    try:
        return (yield)
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, previous)
