"""What a trial does with orders while its trainer yields, without any process."""

from __future__ import annotations

from collections import deque
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from cockpit.engine.orders import drive
from cockpit.engine.recorder import Recorder
from cockpit.events import kinds
from cockpit.events.codec import decode
from cockpit.events.kinds import Steered
from cockpit.events.tail import Tail
from cockpit.events.writer import EventWriter
from trainers.contract import UNTOLD_STEPS, Events, Save, Saved, Set, Step

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

    recorder: Any = SimpleNamespace(record=record, ask=answers.append, step=0, made=0)
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


def test_a_value_is_recorded_to_hold_from_the_first_step_that_is_made_with_it(tmp_path: Path) -> None:
    """Of ten steps five are made when the first of them is told."""
    made_with: dict[int, float] = {}

    def trainer() -> Events:
        rate = 0.1
        for number in range(1, 11):
            made_with[number] = rate
            for told in range(1, 6) if number == 5 else [number] if number > 5 else []:
                command = yield replace(step(told), made=number)
                rate = float(command.value) if isinstance(command, Set) else rate

    orders: Any = deque([{"say": "set", "key": "lr", "value": 0.5, "who": "me", "order": "c1"}])
    said: list[Any] = []
    channel: Any = SimpleNamespace(send=said.append, receive=lambda: {"say": "go"}, pending=list)
    request: Any = SimpleNamespace(path=tmp_path, trainer="test", config={}, checkpoint="")
    recorder = Recorder(EventWriter(tmp_path / "events.jsonl"), channel, request, seed=0)
    waiting: Any = SimpleNamespace(next=lambda: orders.popleft() if orders else None)
    assert drive(trainer(), recorder, waiting).status == "finished"
    events = [decode(line) for line in Tail(tmp_path / "events.jsonl").lines()]
    (steered,) = [event for event in events if isinstance(event, Steered)]
    assert steered.step == said[0]["step"] == 5
    assert made_with == {number: 0.5 if number > 5 else 0.1 for number in range(1, 11)}
    assert [event.step for event in events if isinstance(event, kinds.Step)] == list(range(1, 11))
