"""Decisions of the conductor and the breaker, without any process."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import pytest
from stage import Stage
from sweeping import events_in, plan_of

from cockpit.engine.breaker import Breaker
from cockpit.engine.digest import digest_of
from cockpit.engine.proposer import proposer_for
from cockpit.engine.request import Outcome
from cockpit.events.kinds import SweepEnded

FAILED = Outcome("failed", reason="RuntimeError: no", error="RuntimeError: no")


@pytest.fixture
def stage(tmp_path: Path) -> Stage:
    return Stage(tmp_path)


def test_a_request_says_everything_that_a_trial_needs(stage: Stage) -> None:
    request = stage.conductor.next_trial()
    assert request is not None
    assert (request.experiment, request.trial, request.trainer) == ("exp001", "t000", "toy")
    assert request.config == {"seed": 0, "x": 0.0}
    assert request.path == stage.run.trial("t000").path.resolve()
    assert request.path.is_dir()
    assert (request.device, request.threads, request.attempt) == ("cpu", 1, 1)


def test_nothing_starts_after_the_cap_or_an_end(tmp_path: Path) -> None:
    stage = Stage(tmp_path, run_cap=2)
    stage.start()
    stage.start()
    assert stage.conductor.next_trial() is None
    endless = Stage(tmp_path / "other", run_cap=None)
    endless.start()
    endless.conductor.interrupt("Ctrl-C")
    assert endless.conductor.next_trial() is None


def test_a_sweep_that_is_given_up_has_failed_and_starts_nothing_more(stage: Stage) -> None:
    stage.start()
    stage.conductor.give_up("its Ray died")
    stage.conductor.give_up("something later")
    assert stage.conductor.next_trial() is None
    ending = stage.conductor.close()
    assert (ending.status, ending.reason) == ("failed", "its Ray died")


@pytest.mark.parametrize("shown", [{}, {"score": None}, {"score": "n/a"}, {"loss": 1.0}])
def test_an_evaluation_without_a_number_fails_its_trial_only(stage: Stage, shown: dict[str, Any]) -> None:
    trial = stage.start()
    assert not stage.conductor.on_evaluation(trial, "valid", 2, shown)
    (ended,) = stage.ended()
    assert ended.status == "failed"
    assert ended.error.startswith("its evaluation reports no number as score, only ")
    assert stage.conductor.ending is None


@pytest.mark.parametrize("phase", ["tune", "tune_valid", "test", "train"])
def test_other_phases_decide_nothing(stage: Stage, phase: str) -> None:
    assert stage.conductor.on_evaluation(stage.start(), phase, 2, {})
    assert stage.proposer.told == []


@pytest.mark.parametrize(("value", "reason"), [(math.nan, "from the start"), (math.inf, "from the start")])
def test_a_metric_that_is_not_finite_is_divergence(stage: Stage, value: float, reason: str) -> None:
    first, second = stage.start(), stage.start()
    assert not stage.conductor.on_evaluation(first, "valid", 2, {"score": value})
    stage.conductor.on_evaluation(second, "valid", 2, {"score": 0.25})
    assert not stage.conductor.on_evaluation(second, "valid", 4, {"score": value})
    assert [event.status for event in stage.ended()] == ["diverged"] * 2
    assert stage.ended()[0].reason == f"score not finite at step 2; {reason}"
    assert stage.ended()[1].reason == "score not finite at step 4; last good 0.25"
    assert stage.proposer.told == [(first, None, False), (second, 0.25, False)]


def test_a_trial_that_was_ended_here_has_no_second_end(stage: Stage) -> None:
    trial = stage.start()
    assert not stage.conductor.on_evaluation(trial, "valid", 2, {})
    assert not stage.conductor.on_evaluation(trial, "valid", 4, {"score": 1.0})
    assert not stage.conductor.on_built(trial, "other", 4)
    stage.conductor.on_exit(trial, Outcome("finished"))
    assert [event.status for event in stage.ended()] == ["failed"]
    assert stage.conductor.running == 0


def test_the_same_configuration_twice_is_no_contradiction(tmp_path: Path) -> None:
    stage = Stage(tmp_path)
    stage.proposer._configs = iter([{"x": 0.5}, {"x": 0.5}, {"x": 0.7}])
    stage.start("same")
    assert stage.conductor.next_trial() is not None
    assert stage.conductor.on_built("t001", "same", 4)
    assert stage.conductor.next_trial() is not None
    assert not stage.conductor.on_built("t002", "same", 4)
    (ended,) = stage.ended()
    assert ended.error == "t000 and t002 train exactly the same although their labels differ (x 0.5 and 0.7)"


@pytest.mark.parametrize("status", ["stopped", "terminated"])
def test_who_is_told_to_end_is_named_after_the_reason(tmp_path: Path, status: str) -> None:
    lonely = Stage(tmp_path / "lost")
    lonely.conductor.on_exit(lonely.start(), Outcome(status, reason="told to end by a signal"))
    assert (lonely.ended()[0].status, lonely.ended()[0].reason) == ("lost", "told to end by a signal")
    interrupted = Stage(tmp_path / "interrupted")
    trial = interrupted.start()
    interrupted.conductor.interrupt("Ctrl-C")
    interrupted.conductor.on_exit(trial, Outcome(status))
    assert (interrupted.ended()[0].status, interrupted.ended()[0].reason) == ("interrupted", "Ctrl-C")


def test_closing_ends_what_is_open_and_the_sweep(stage: Stage) -> None:
    stage.conductor.on_exit(stage.start(), Outcome("finished"))
    stage.start()
    stage.conductor.interrupt("SIGTERM")
    stage.conductor.interrupt("Ctrl-C")  # the first reason stands
    ending = stage.conductor.close()
    assert (ending.status, ending.reason) == ("interrupted", "SIGTERM")
    assert [event.status for event in stage.ended()] == ["finished", "interrupted"]
    assert events_in(stage.run.sweep)[-1] == SweepEnded(status="interrupted", reason="SIGTERM", at=5.0)


def test_a_sweep_in_which_nothing_worked_has_failed(stage: Stage) -> None:
    stage.conductor.on_exit(stage.start(), FAILED)
    assert stage.conductor.close().status == "failed"


def test_the_breaker_ends_the_sweep_in_the_ledger_too(stage: Stage) -> None:
    for _ in range(3):
        stage.conductor.on_exit(stage.start(), FAILED)
    assert stage.conductor.next_trial() is None
    assert stage.conductor.close().reason == "the same error in 3 trials running: RuntimeError: no"


def test_the_breaker_counts_equal_errors_that_follow_each_other() -> None:
    breaker = Breaker(limit=3)
    assert [breaker.note(error) for error in ("a", "a", "", "a", "a", "b", "b", "b")] == [False] * 7 + [True]


@pytest.mark.parametrize(
    "errors",
    [
        ("size 3 at 0x7f3a", "size 30 at 0x11ff", "size -3.5 at 0x0"),
        ("x 1e-05 in t001", "x -2.5e+10 in t002", "x 7 in t003"),
    ],
)
def test_the_breaker_does_not_look_at_numbers(errors: tuple[str, ...]) -> None:
    breaker = Breaker()
    assert [breaker.note(error) for error in errors] == [False, False, True]


def test_no_error_never_opens_the_breaker() -> None:
    breaker = Breaker()
    assert not any(breaker.note("") for _ in range(10))


def test_a_digest_depends_on_what_is_trained_and_on_nothing_else() -> None:
    one = digest_of("toy", {"x": 1.0, "y": 2}, 10, 0)
    assert one == digest_of("toy", {"y": 2, "x": 1.0}, 10, 0)
    assert len(one) == 12
    others = [
        digest_of("arcface", {"x": 1.0, "y": 2}, 10, 0),
        digest_of("toy", {"x": 1.5, "y": 2}, 10, 0),
        digest_of("toy", {"x": 1.0, "y": 2}, 11, 0),
        digest_of("toy", {"x": 1.0, "y": 2}, 10, 1),
    ]
    assert len({one, *others}) == 5


def test_a_listed_search_proposes_its_list_and_then_nothing() -> None:
    plan = plan_of(method="grid", parameters={"x": {"values": [1.0, 2.0]}})
    proposer = proposer_for(plan.search)
    assert [proposer.propose(f"t{number:03d}") for number in range(3)] == [{"x": 1.0}, {"x": 2.0}, None]
    proposer.report("t000", 1, 0.5)
    proposer.tell("t000", None, finished=False)
