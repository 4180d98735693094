"""Trials that become copies of others, without any process: which state of the other one they get."""

from __future__ import annotations

from pathlib import Path

import pytest
from stage import Stage

from cockpit.engine.request import Outcome
from cockpit.events.kinds import Saved
from cockpit.events.writer import EventWriter

PAUSED = Outcome("paused", details={"step": 2})


@pytest.fixture
def stage(tmp_path: Path) -> Stage:
    return Stage(tmp_path, parameters={"lr": {"values": [0.01, 0.5]}}, scheduler="pbt", pbt={"quantile": 0.5})


def save(stage: Stage, trial: str, step: int) -> None:
    folder = stage.run.trial(trial)
    new = folder.path / "last.part"
    new.write_text(str(step))
    new.replace(folder.path / "last.json")
    writer = EventWriter(folder.events)
    writer.write(Saved(path="last.json", step=step, label="last"))
    writer.close()


def test_a_copy_is_of_the_moment_at_which_it_was_decided_on(stage: Stage) -> None:
    bad, good = stage.start(), stage.start()
    stage.conductor.on_evaluation(good, "valid", 2, {"score": 0.9})
    save(stage, good, 2)
    stage.conductor.on_evaluation(bad, "valid", 2, {"score": 0.1})
    save(stage, good, 4)  # until the bad one has paused, the good one comes to its end
    stage.conductor.on_exit(bad, PAUSED)
    again = stage.conductor.next_trial()
    assert again is not None
    assert again.trial == bad
    assert Path(again.checkpoint).name == f"from-{good}.json"
    assert Path(again.checkpoint).read_text() == "2"


def test_nobody_copies_a_trial_that_has_been_evaluated_for_the_last_time(stage: Stage) -> None:
    orders: list[str] = []
    stage.conductor.order = lambda attempt, order: orders.append(attempt)
    bad, good = stage.start(), stage.start()
    stage.conductor.on_evaluation(good, "valid", 4, {"score": 0.9})
    save(stage, good, 4)
    assert stage.conductor.on_evaluation(bad, "valid", 2, {"score": 0.1})
    assert orders == []
