"""What a trial does with orders while its trainer yields, without any process."""

from __future__ import annotations

from collections import deque
from types import SimpleNamespace
from typing import Any

import pytest

from cockpit.engine.orders import drive
from trainers.contract import UNTOLD_STEPS, Events, Save, Saved, Step

SAVED = Saved("last.pt", 5, "last")


def step(number: int) -> Step:
    return Step("train", 0, number, {"loss": 1.0}, 0.0)


def behind(untold: int) -> Events:
    """A trainer that has so many steps to tell before it can say that it has saved itself."""
    for number in range(1, 4):
        command = yield step(number)
        if isinstance(command, Save):
            for later in range(number + 1, number + 1 + untold):
                yield step(later)
            yield SAVED


def driven(events: Events, stop_at: int = 0) -> tuple[Any, list[Any], list[Any]]:
    """How it ends when it is told to pause at its first step: outcome, what was recorded, and what was answered."""
    recorded: list[Any] = []
    answers: list[Any] = []
    orders = deque([{"say": "pause", "order": "c1"}])

    def record(event: Any) -> bool:
        recorded.append(event)
        return not (isinstance(event, Step) and event.step == stop_at)

    recorder: Any = SimpleNamespace(record=record, ask=answers.append, step=0)
    waiting: Any = SimpleNamespace(next=lambda: orders.popleft() if orders else None)
    return drive(events, recorder, waiting), recorded, answers


@pytest.mark.parametrize("untold", [0, 1, UNTOLD_STEPS])
def test_a_pause_records_the_steps_that_were_made_before_it(untold: int) -> None:
    outcome, recorded, _ = driven(behind(untold))
    assert outcome.status == "paused"
    assert recorded == [step(number) for number in range(1, untold + 2)] + [SAVED]


def test_a_trial_that_is_told_to_stop_at_one_of_them_stops_there() -> None:
    outcome, recorded, _ = driven(behind(3), stop_at=3)
    assert outcome.status == "stopped"
    assert recorded[-1] == step(3)


def test_a_trainer_that_saves_nothing_cannot_be_paused_and_loses_no_event() -> None:
    def deaf() -> Events:
        yield from (step(number) for number in range(1, 2 * UNTOLD_STEPS))

    outcome, recorded, answers = driven(deaf())
    assert outcome.status == "finished"
    assert [event.step for event in recorded] == list(range(1, 2 * UNTOLD_STEPS))
    assert "saves nothing" in answers[0]["refused"]
