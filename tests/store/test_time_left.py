"""How long a sweep will still take."""

from types import SimpleNamespace

import pytest

from cockpit.store.time_left import time_left


def trial(seconds=None, started=None, status="finished", attempt=1, steps=0, confirms=""):
    fields = {"seconds": seconds, "started": started, "status": status, "attempt": attempt, "steps": steps}
    return SimpleNamespace(**fields, total_steps=100, confirms=confirms, is_searched=not confirms)


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
        # What waits is still to come; how long a pause takes nobody knows.
        (
            [trial(10.0), trial(started=94.0, status="running"), trial(started=90.0, status="waiting", steps=20)],
            3,
            12.0,
        ),
        ([trial(10.0), trial(started=94.0, status="running"), trial(started=90.0, status="paused")], 4, 14.0),
        ([trial(10.0), trial(started=90.0, status="paused")], 4, None),
        # The clock of a later attempt ran through the pause, so its steps tell, and others how long a trial takes.
        ([trial(10.0), trial(900.0, attempt=2), trial(started=0.0, status="running", attempt=2, steps=50)], 3, 5.0),
        ([trial(40.0, attempt=2), trial(started=0.0, status="running", attempt=2, steps=50)], 2, 20.0),
    ],
)
def test_the_time_left_follows_from_trials_that_ended(trials, total, left):
    assert time_left(trials, total, now=100.0) == left


def test_confirmations_are_still_to_come():
    trials = [trial(10.0), trial(10.0), trial(10.0, confirms="t001")]
    assert time_left(trials, 3, now=100.0, confirmations=4) == 40.0
