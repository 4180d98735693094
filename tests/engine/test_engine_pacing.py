"""When the lines of a recorded trial come again."""

from __future__ import annotations

import math

import pytest

from cockpit.engine.pacing import event_times, output_times
from cockpit.events.kinds import Attempt, Built, Eval, Event, Norms, Saved, Step


def test_steps_keep_their_distances_and_the_last_event_is_at_the_end() -> None:
    events: list[Event] = [Attempt(at=105.0), Built(), Step(step=1, time=0.5), Step(step=2, time=2.0), Norms(step=2)]
    assert event_times(events, 100.0, 110.0) == [105.0, 105.0, 108.5, 110.0, 110.0]


def test_an_evaluation_takes_its_time_and_the_next_step_counts_from_the_beginning() -> None:
    events: list[Event] = [Step(step=1, time=1.0), Eval(step=1, time=0.5), Step(step=2, time=2.5), Saved(step=2)]
    assert event_times(events, 0.0, 2.5) == [1.0, 1.5, 2.5, 2.5]


def test_a_phase_that_begins_again_goes_on_from_where_it_is() -> None:
    valid = [Step(phase="valid", step=n, time=float(n)) for n in (1, 2)]
    events: list[Event] = [Step(step=1, time=3.0), *valid, Step(step=2, time=6.0), *valid]
    assert event_times(events, 0.0, None) == [3.0, 4.0, 5.0, 6.0, 7.0, 8.0]


def test_what_took_longer_than_there_was_time_is_squeezed() -> None:
    assert event_times([Step(step=1, time=10.0), Step(step=2, time=40.0)], 0.0, 4.0) == [1.0, 4.0]


def test_without_times_the_events_are_spread_evenly() -> None:
    assert event_times([Step(step=n) for n in range(4)], 10.0, 14.0) == [10.0, 11.0, 12.0, 13.0]


@pytest.mark.parametrize("time", [math.inf, math.nan, -5.0, 1e300])
def test_times_that_cannot_be_do_no_harm(time: float) -> None:
    times = event_times([Step(step=1, time=1.0), Step(step=2, time=time), Eval(time=time)], 5.0, 9.0)
    assert times == sorted(times)
    assert all(5.0 <= at <= 9.0 for at in times)


def test_each_attempt_has_its_own_span() -> None:
    events: list[Event] = [Attempt(at=1.0), Step(step=1, time=2.0), Attempt(at=10.0), Step(step=1, time=3.0)]
    assert event_times(events, 0.0, 20.0) == [1.0, 10.0, 10.0, 20.0]


@pytest.mark.parametrize("at", [0.0, 50.0])
def test_an_attempt_outside_its_trial_is_moved_into_it(at: float) -> None:
    times = event_times([Attempt(at=at), Step(step=1, time=1.0)], 10.0, 20.0)
    assert times == sorted(times)
    assert all(10.0 <= at <= 20.0 for at in times)


def test_a_trial_without_events_has_no_times() -> None:
    assert event_times([], 1.0, 2.0) == []


def test_printed_lines_come_with_what_they_speak_of() -> None:
    events: list[Event] = [Attempt(), Step(step=10), Norms(step=10), Step(step=20), Eval(step=20), Saved(step=20)]
    lines = [
        b"loading",
        b"Train Step 10, loss: 0.5",
        b"grad info pg0: norm std(1.0) mean(2.0)",
        b"Train Step 20, loss: 0.4",
        b"[RESULT]: Validation. Epoch: 1",
        b"Saved best: best.pt",
        b"Train Step 10, a word about an earlier one",
    ]
    assert output_times(lines, events, [0.0, 1.0, 1.5, 2.0, 3.0, 3.0], 0.0) == [0.0, 1.0, 1.0, 2.0, 3.0, 3.0, 3.0]


def test_lines_that_speak_of_nothing_are_spread_over_the_events() -> None:
    events: list[Event] = [Step(step=n) for n in range(4)]
    assert output_times([b"a", b"b"], events, [1.0, 2.0, 3.0, 4.0], 0.0) == [1.0, 3.0]
    assert output_times([b"a"], [], [], 7.0) == [7.0]


def test_many_lines_about_steps_that_were_not_logged_take_no_longer() -> None:
    events: list[Event] = [Step(step=10 * n) for n in range(3000)]
    lines = [f"Train Step {n}, loss".encode() for n in range(30_000)]
    found = output_times(lines, events, [float(n) for n in range(3000)], 0.0)
    assert found[29_995] == 2999.0
    assert found == sorted(found)
