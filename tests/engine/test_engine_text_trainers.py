"""Trainers of texts take their first steps under both engines."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from sweeping import events_in, run

from cockpit.events.kinds import Eval, Step

# For each trainer: the metric, and settings with which it makes two steps.
QUICK: dict[str, tuple[str, dict[str, Any]]] = {
    "toxicity": ("auc", {"epochs": 0.03, "batch_size": 16, "tokens": 16, "predict": False}),
    "xnli": ("accuracy", {"epochs": 0.02, "batch_size": 16}),
    "sentences": ("pair_auc", {"epochs": 0.02, "batch_size": 24, "width": 8, "heads": 2, "embedding": 8}),
    "audio": ("lwlrap", {"epochs": 0.12, "batch_size": 16, "hop": 160, "mels": 16}),
}


@pytest.mark.parametrize("engine", ["local", pytest.param("ray", marks=[pytest.mark.ray, pytest.mark.slow])])
@pytest.mark.parametrize("name", QUICK)
def test_two_steps_and_an_evaluation_are_recorded(name: str, engine: str, tmp_path: Path) -> None:
    metric, settings = QUICK[name]
    sweep = run(
        tmp_path,
        engine=engine,
        trainer=name,
        method="grid",
        metric={"name": metric, "goal": "maximize"},
        parameters={"lr": {"values": [1e-3, 1e-4]}} | {key: {"value": value} for key, value in settings.items()},
        baseline={"lr": 1e-3},
        scheduler="none",
        concurrent=1,
    )
    assert sweep.statuses == ["finished", "finished"], sweep.log
    for trial in sweep.run.trial_ids():
        events = events_in(sweep.run.trial(trial).events)
        assert [event.step for event in events if isinstance(event, Step)] == [1, 2]
        (evaluation,) = [event for event in events if isinstance(event, Eval)]
        assert metric in evaluation.metrics
