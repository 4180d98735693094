"""Trials that are held back and go on: paused, resumed, steered and tried again, without any process."""

from __future__ import annotations

import signal
from pathlib import Path
from typing import Any

import pytest
from test_engine_orders import Bridge

from cockpit.engine.request import Outcome, TrialRequest
from cockpit.engine.retries import MOST_NODES
from cockpit.events.kinds import Saved, TrialPaused, TrialStarted
from cockpit.events.writer import EventWriter

PAUSED = Outcome("paused", details={"step": 7})
BROKE = Outcome("failed", reason="no", error="no")


@pytest.fixture
def bridge(tmp_path: Path) -> Bridge:
    return Bridge(tmp_path)


def started_again(bridge: Bridge) -> TrialRequest:
    request = bridge.conductor.next_trial()
    assert request is not None
    return request


def save(bridge: Bridge, trial: str, name: str = "last.pt", label: str = "last", step: int = 7) -> None:
    folder = bridge.run.trial(trial)
    (folder.path / name).touch()
    writer = EventWriter(folder.events)
    writer.write(Saved(path=name, step=step, label=label))
    writer.close()


def paused(bridge: Bridge) -> str:
    trial = bridge.start()
    bridge.say("pause", trial)
    bridge.conductor.on_exit(trial, PAUSED)
    return trial


def test_a_paused_trial_is_told_and_its_place_is_free_then(bridge: Bridge) -> None:
    trial = bridge.start()
    bridge.say("pause", trial)
    assert bridge.warm.orders == [("t000#1", {"say": "pause", "order": "c1"})]
    assert bridge.conductor.running == 1
    bridge.conductor.on_exit(trial, PAUSED)
    assert bridge.said() == [
        ("c1", "accepted", "t000 pauses at its next step"),
        ("c1", "done", "t000 paused at step 7"),
    ]
    assert bridge.conductor.running == 0
    assert bridge.conductor.holds
    (held,) = bridge.events(TrialPaused)
    assert (held.trial, held.status, held.attempt, held.step, held.reason) == (
        "t000",
        "paused",
        1,
        7,
        "paused by me@here",
    )
    assert bridge.start() == "t001"
    assert bridge.ended() == []


def test_a_resumed_trial_comes_next_as_another_attempt_from_its_checkpoint(bridge: Bridge) -> None:
    trial = paused(bridge)
    save(bridge, trial)
    save(bridge, trial, "best.pt", "best")
    bridge.say("resume", trial)
    assert bridge.said()[-1] == ("c2", "done", "t000 goes on")
    request = started_again(bridge)
    assert (request.trial, request.attempt, Path(request.checkpoint).name) == ("t000", 2, "last.pt")
    assert Path(request.checkpoint).is_absolute()
    last = bridge.events(TrialStarted)[-1]
    assert (last.trial, last.attempt, last.checkpoint) == ("t000", 2, "last.pt")
    assert not bridge.conductor.holds


def test_evaluations_after_the_checkpoint_have_not_happened(tmp_path: Path) -> None:
    bridge = Bridge(tmp_path, patience=2)
    trial = bridge.start()
    for step, score in ((1, 0.5), (2, 0.4)):
        assert bridge.conductor.on_evaluation(trial, "valid", step, {"score": score})
    bridge.say("pause", trial)
    bridge.conductor.on_exit(trial, PAUSED)
    bridge.say("resume", trial)
    started_again(bridge)
    bridge.conductor.on_built(trial, "d", 9, step=1)
    assert bridge.conductor.on_evaluation(trial, "valid", 2, {"score": 0.4})
    assert not bridge.conductor.on_evaluation(trial, "valid", 3, {"score": 0.4})
    assert bridge.ended()[0].evaluation == 3


@pytest.mark.parametrize("name", ["stop", "kill"])
def test_a_paused_trial_can_be_ended(bridge: Bridge, name: str) -> None:
    trial = paused(bridge)
    bridge.say(name, trial)
    assert bridge.said()[-1][1] == "done"
    assert (bridge.ended()[0].status, bridge.warm.signals) == ("stopped", [])
    assert not bridge.conductor.holds


def test_a_trial_that_cannot_be_saved_says_so_and_goes_on(bridge: Bridge) -> None:
    trial = bridge.start()
    bridge.say("pause", trial)
    assert bridge.conductor.on_did(trial, "c1", "its trainer saves nothing", 4)
    assert bridge.said()[-1] == ("c1", "refused", "t000 cannot be paused: its trainer saves nothing")
    bridge.conductor.on_exit(trial, Outcome("finished"))
    assert len(bridge.said()) == 2


def test_a_trial_that_ends_before_it_pauses_says_so(bridge: Bridge) -> None:
    trial = bridge.start()
    bridge.say("pause", trial)
    bridge.say("set", trial, lr=0.1)
    bridge.conductor.on_exit(trial, Outcome("finished"))
    assert bridge.said()[2:] == [
        ("c1", "refused", "t000 had ended before (finished)"),
        ("c2", "refused", "t000 had ended before (finished)"),
    ]


def test_a_stop_counts_for_more_than_a_pause(bridge: Bridge) -> None:
    trial = bridge.start()
    bridge.say("pause", trial)
    bridge.say("stop", trial)
    assert bridge.warm.signals == [(trial, signal.SIGTERM)]
    bridge.conductor.on_exit(trial, PAUSED)
    assert bridge.ended()[0].status == "stopped"


@pytest.mark.parametrize(("name", "text"), [("pause", "t000 is paused already"), ("resume", "t001 is running")])
def test_what_makes_no_sense_is_refused(bridge: Bridge, name: str, text: str) -> None:
    paused(bridge)
    bridge.start()
    bridge.say(name, text[:4])
    assert bridge.said()[-1][1:] == ("refused", text)


def test_a_whole_sweep_pauses_and_goes_on(bridge: Bridge) -> None:
    bridge.start()
    bridge.say("pause")
    assert bridge.said() == [("c1", "done", "nothing more is started; 1 trial told to pause")]
    assert [attempt for attempt, _ in bridge.warm.orders] == ["t000#1"]
    assert bridge.conductor.next_trial() is None
    bridge.conductor.on_exit("t000", PAUSED)
    assert bridge.conductor.next_trial() is None
    assert bridge.conductor.holds
    bridge.say("resume")
    assert bridge.said()[-1] == ("c2", "done", "the sweep goes on, 1 trial resumed")
    assert [started_again(bridge).attempt, started_again(bridge).attempt] == [2, 1]
    bridge.say("resume")
    assert bridge.said()[-1] == ("c3", "refused", "nothing is paused")


def test_a_value_changes_in_a_running_trial_and_stays(bridge: Bridge) -> None:
    trial = bridge.start()
    bridge.say("set", trial, lr="1e-3")
    assert bridge.warm.orders == [
        ("t000#1", {"say": "set", "key": "lr", "value": 0.001, "who": "me@here", "order": "c1"})
    ]
    bridge.conductor.on_did(trial, "c1", "", 120)
    assert bridge.said() == [
        ("c1", "accepted", "t000 takes lr=0.001 at its next step"),
        ("c1", "done", "t000: lr=0.001 from step 121 on"),
    ]
    bridge.say("pause", trial)
    bridge.conductor.on_exit(trial, PAUSED)
    bridge.say("set", trial, lr=0.5)
    assert bridge.said()[-1] == ("c3", "done", "t000 goes on with lr=0.5")
    bridge.say("resume", trial)
    assert dict(started_again(bridge).steered) == {"lr": 0.5}


@pytest.mark.parametrize(
    ("settings", "problem"),
    [
        ({"x": 0.5}, "x: cannot be changed while a trial runs; only lr can"),
        ({"lr": "fast"}, "lr = 'fast' is not allowed"),
        ({"lr": -1}, "lr = -1 is not allowed"),
        ({"warp": 9}, "toy has no parameter 'warp'"),
    ],
)
def test_a_value_that_cannot_be_changed_is_refused(bridge: Bridge, settings: dict[str, Any], problem: str) -> None:
    bridge.say("set", bridge.start(), **settings)
    ((_, state, text),) = bridge.said()
    assert state == "refused"
    assert text.startswith(problem)


def test_failures_are_forgiven_so_many_times_and_with_longer_and_longer_waits(tmp_path: Path) -> None:
    bridge = Bridge(tmp_path, max_failures=2)
    bridge.now = 100.0
    bridge.conductor._clock = lambda: bridge.now
    trial = bridge.start()
    for wait in (1.0, 2.0):
        bridge.conductor.on_exit(trial, BROKE)
        assert bridge.conductor.holds
        assert started_again(bridge).trial != trial  # a place is not kept free for it
        bridge.now += wait
        assert started_again(bridge).trial == trial
    bridge.conductor.on_exit(trial, BROKE)
    assert [(held.status, held.error) for held in bridge.events(TrialPaused)] == [("waiting", "no")] * 2
    assert bridge.events(TrialPaused)[0].reason == "attempt 1 failed: no; again in 1 s"
    (ended,) = bridge.ended()
    assert (ended.status, ended.attempt) == ("failed", 3)


@pytest.mark.parametrize("outcome", [Outcome("failed", error="no", details={"usage": True}), Outcome("diverged")])
def test_what_would_only_happen_again_is_not_tried_again(tmp_path: Path, outcome: Outcome) -> None:
    bridge = Bridge(tmp_path, max_failures=2)
    bridge.conductor.on_exit(bridge.start(), outcome)
    assert len(bridge.ended()) == 1


def test_the_loss_of_a_machine_is_not_the_fault_of_the_trial(bridge: Bridge) -> None:
    lost = Outcome("lost", reason="its machine is gone", error="its machine is gone", details={"node": "n1"})
    trial = bridge.start()
    for attempt in range(2, MOST_NODES + 2):
        bridge.conductor.on_exit(trial, lost)
        request = started_again(bridge)
        assert (request.trial, request.attempt) == (trial, attempt)
    bridge.conductor.on_exit(trial, lost)
    assert bridge.ended()[0].status == "lost"


def test_what_is_held_back_when_the_sweep_ends_can_go_on_later(bridge: Bridge) -> None:
    paused(bridge)
    bridge.start()
    bridge.say("stop")
    bridge.conductor.close()
    assert [(ended.status, dict(ended.extra)) for ended in bridge.ended()] == [
        ("stopped", {"unfinished": True, "paused": True}),
        ("stopped", {"unfinished": True}),
    ]
