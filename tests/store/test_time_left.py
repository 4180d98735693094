"""How long a sweep will still take."""

from types import SimpleNamespace

import pytest

from cockpit.store.time_left import time_left


def trial(seconds=None, started=None, status="finished"):
    return SimpleNamespace(seconds=seconds, started=started, status=status)


@pytest.mark.parametrize(
    ("trials", "total", "left"),
    [
        ([], 4, None),
        ([trial(10.0)], None, None),
        ([trial(10.0), trial(20.0)], 2, 0.0),
        ([trial(10.0), trial(10.0)], 4, 20.0),
        ([trial(10.0), trial(started=94.0, status="running")], 2, 4.0),
        ([trial(10.0), trial(started=94.0, status="running"), trial(started=90.0, status="running")], 5, 12.0),
        ([trial(10.0), trial(started=0.0, status="running")], 2, 0.0),
    ],
)
def test_the_time_left_follows_from_trials_that_ended(trials, total, left):
    assert time_left(trials, total, now=100.0) == left
