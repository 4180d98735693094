"""The last phase of the loop, over data that validation is done on, and scores that run along."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import torch
from test_trainer_loop import LazyDevice, Shuffled, make, of
from untimed import untimed

from trainers import loop
from trainers.contract import Built, CheckpointError, Eval, Events, Save, Saved, Step, TrainerConfig
from trainers.devices.cpu import CpuDevice
from trainers.schedule import Schedule
from trainers.task import Plan


class Sums(loop.Running):
    """The sum of what was added since a pass began."""

    def __init__(self) -> None:
        self.waiting: list[torch.Tensor] = []
        self.sum = 0.0

    def restart(self) -> None:
        self.waiting, self.sum = [], 0.0

    def hand_over(self) -> list[torch.Tensor]:
        handed, self.waiting = self.waiting, []
        return handed

    def take(self, parts: list[list[float]]) -> None:
        self.sum += sum(map(sum, parts))

    def scores(self) -> Mapping[str, float]:
        return {"sum": self.sum}

    def state_dict(self) -> dict[str, Any]:
        return {"sum": self.sum}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        self.waiting, self.sum = [], state["sum"]


def begin(folder: Path, device: CpuDevice | None = None, **values: Any) -> tuple[Events, dict[str, Any]]:
    """Two and a half passes over 10 batches, then two over 4; each pass of tuning remembers its number."""
    config = TrainerConfig(**({"epochs": 2.5, "out": str(folder), "norms_every": 0} | values))
    order = torch.Generator().manual_seed(5)
    model = torch.nn.Linear(2, 1)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.01)
    running = Sums()
    memory: dict[str, Any] = {}

    def loss(batch: torch.Tensor) -> dict[str, torch.Tensor]:
        running.waiting.append(batch.float().reshape(1))
        return {"loss": model(batch.float().expand(2) / 10).square().mean()}

    def tuned(number: int, where: Path) -> dict[str, Path]:
        assert not model.training
        memory[f"pass {number}"] = float(model.weight.detach().sum())
        return {"tuned": where / "tuned.txt"}

    events, _ = make(
        config,
        device or CpuDevice(),
        model=model,
        optimizer=optimizer,
        groups=("all",),
        schedule=Schedule(optimizer, ("all",)),
        batches=Shuffled(10, order),
        order=order,
        loss=loss,
        evaluate=lambda: {"score": float(torch.rand(()))},
        running=running,
        tuning=loop.Tuning(batches=Shuffled(4, order), passes=2, artefacts=tuned),
        memory=memory,
    )
    return events, memory


def told(events: list[Any]) -> list[Any]:
    return [(e.phase, e.epoch, e.step, untimed(e)) for e in events if isinstance(e, Step | Eval)]


def test_a_plan_knows_phase_and_pass_of_every_step() -> None:
    plan = Plan(steps_per_pass=4, train_steps=6, tune_steps_per_pass=3, tune_passes=2)
    steps = range(1, plan.total + 1)
    assert plan.total == 12
    assert [plan.is_tuning(step) for step in steps] == [False] * 6 + [True] * 6
    assert [plan.epoch(step) for step in steps] == [0, 0, 0, 0, 1, 1, 2, 2, 2, 3, 3, 3]
    assert [plan.seen(step) for step in steps] == [1, 2, 3, 4, 1, 2, 1, 2, 3, 1, 2, 3]
    assert [step for step in steps if plan.ends_pass(step)] == [4, 6, 9, 12]


def test_tuning_is_a_phase_of_its_own_that_decides_nothing(tmp_path: Path) -> None:
    events = list(begin(tmp_path)[0])
    assert isinstance(events[0], Built)
    assert events[0].total_steps == 25 + 8
    evaluations = [(event.phase, event.epoch, event.step) for event in of(Eval, events)]
    assert evaluations == [("valid", 0, 10), ("valid", 1, 20), ("valid", 2, 25), ("tune", 3, 29), ("tune", 4, 33)]
    steps = of(Step, events)
    assert [step.phase for step in steps] == ["train"] * 25 + ["tune"] * 8
    assert [step.step for step in steps] == list(range(1, 34))
    saved = of(Saved, events)
    assert [event.step for event in saved if event.label == "tuned"] == [29, 33]
    assert not [event for event in saved if event.label == "best" and event.step > 25]
    untrained = next(begin(tmp_path, epochs=0)[0])
    assert isinstance(untrained, Built)
    assert untrained.total_steps == 0


def test_running_scores_begin_anew_with_every_pass_and_cost_no_read_of_their_own(tmp_path: Path) -> None:
    device = LazyDevice()
    steps = of(Step, list(begin(tmp_path, device, log_every=5)[0]))
    assert [step.step for step in steps] == [5, 10, 15, 20, 25, 30]
    # All of 0 … 9 have been seen after a whole pass.
    assert [step.metrics["sum"] for step in steps if step.step in (10, 20)] == [45.0, 45.0]
    assert steps[-1].metrics["sum"] < 4
    # One loss, and what the steps since the last read have left. Checkpoints take what is left at the ends of tuning.
    assert [sum(sizes) for sizes in device.reads] == [1 + 5] * 5 + [4, 1 + 1, 3]


def test_a_cut_at_any_event_is_not_seen_in_what_follows(tmp_path: Path) -> None:
    events, memory = begin(tmp_path / "whole", log_every=3)
    whole = list(events)
    for cut in range(1, len(whole) + 1):
        events, _ = begin(tmp_path / "cut", log_every=3)
        before = [next(events) for _ in range(cut)]
        saved = events.send(Save())
        events.close()
        assert isinstance(saved, Saved)
        events, remembered = begin(tmp_path / "rest", log_every=3, resume=saved.path)
        assert told(before) + told(list(events)) == told(whole), f"cut at {before[-1]}"
        assert remembered == memory


def test_tuning_that_has_begun_cannot_be_put_off(tmp_path: Path) -> None:
    list(begin(tmp_path)[0])
    with pytest.raises(CheckpointError, match="tuning began after 25 steps, not after 30"):
        next(begin(tmp_path, epochs=3, resume=str(tmp_path / "last.pt"))[0])
