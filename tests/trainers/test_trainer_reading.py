"""Logged steps on their way from a device that is not asked at once: nothing is lost, reordered or changed."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest
import torch
from test_trainer_loop import LazyDevice, make, of
from test_trainer_tuning import begin
from torch import Tensor
from untimed import untimed

from trainers.contract import UNTOLD_STEPS, Eval, Event, Events, Save, Saved, Set, Step, TrainerConfig
from trainers.devices.base import Fetched
from trainers.devices.cpu import CpuDevice
from trainers.reading import MOST


def told(events: Sequence[Event]) -> list[Any]:
    return [(type(e), e.phase, e.step, untimed(e)) for e in events if isinstance(e, Step | Eval)]


def train(folder: Path, device: CpuDevice, **values: Any) -> Events:
    """Training and tuning with running scores, always with the same weights at first."""
    torch.manual_seed(0)
    return begin(folder, device, **values)[0]


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The loop's clock, which stands until a test moves it."""
    now = [0.0]
    monkeypatch.setattr("trainers.loop.time.monotonic", lambda: now[0])
    return now


def test_steps_come_in_copies_and_are_those_of_a_device_that_is_asked_at_once(
    tmp_path: Path, clock: list[float]
) -> None:
    device = LazyDevice(flush_seconds=100.0)
    later, at_once = (list(train(tmp_path / name, one)) for name, one in (("a", device), ("b", CpuDevice())))
    assert told(later) == told(at_once)
    # The first step alone, then what fits until an evaluation: passes of 10, 10, 5, 4 and 4 steps.
    # Two vectors of each: losses with norms, and what running scores need.
    assert [len(packs) / 2 for packs in device.reads] == [1, 9, 10, 5, 4, 4]


def test_the_number_of_steps_in_a_copy_follows_the_pace(clock: list[float]) -> None:
    """Steps of 0.1 s, and a copy every second."""

    class Timed(LazyDevice):
        def step_end(self) -> None:
            super().step_end()
            clock[0] += 0.1

    device = Timed(flush_seconds=1.0)
    list(make(TrainerConfig(epochs=5), device, evaluate=lambda: {"score": 0.0})[0])
    flushes = [len(packs) for packs in device.reads]
    assert sum(flushes) == 50
    assert flushes[0] == 1
    assert max(flushes) <= 10


def test_no_step_waits_for_its_own_numbers(clock: list[float]) -> None:
    """A copy is asked for when the step after it has been described."""
    asked: list[tuple[int, int]] = []

    class Slow(LazyDevice):
        def fetch(self, packs: Sequence[Tensor]) -> Fetched:
            fetched, began = super().fetch(packs), self.steps

            class Asked(Fetched):
                def floats(self) -> list[list[float]]:
                    asked.append((began, device.steps))
                    return fetched.floats()

            return Asked(torch.empty(0), [])

    device = Slow(flush_seconds=1e-9)
    steps = of(Step, list(make(TrainerConfig(epochs=0.9), device)[0]))
    assert [step.step for step in steps] == list(range(1, 10))
    assert asked == [(step, step + 1) for step in range(1, 9)] + [(9, 9)]


def test_a_checkpoint_comes_after_the_steps_that_it_has_seen(tmp_path: Path, clock: list[float]) -> None:
    """What was told before it, and what a training that goes on from it tells, are the whole."""

    def lazily(folder: Path, **values: Any) -> Events:
        return train(folder, LazyDevice(flush_seconds=100.0), **values)

    whole = list(lazily(tmp_path / "whole"))
    for cut in (1, 2, 5, 12, 30):
        events = lazily(tmp_path / "cut")
        before = [next(events) for _ in range(cut)]
        before.append(events.send(Save()))
        while not isinstance(before[-1], Saved):
            before.append(next(events))
        events.close()
        rest = list(lazily(tmp_path / "rest", resume=before[-1].path))
        assert told(before + rest) == told(whole), cut


def test_a_value_that_is_set_holds_from_the_next_step_that_is_made(clock: list[float]) -> None:
    device = LazyDevice(flush_seconds=100.0)
    events, _ = make(TrainerConfig(epochs=3), device)
    seen = [next(events) for _ in range(2)]
    assert isinstance(seen[-1], Step)
    made = device.steps
    seen += [events.send(Set("lr", 0.25)), *events]
    rates = {step.step: step.metrics["lr"] for step in of(Step, seen)}
    assert set(rates) == set(range(1, 31))
    assert all((rate == 0.25) == (step > made) for step, rate in rates.items())


def test_steps_that_are_not_told_yet_are_bounded(clock: list[float]) -> None:
    device = LazyDevice(flush_seconds=1e9)
    events, _ = make(TrainerConfig(epochs=60), device, batches=[torch.tensor(0)] * 10)
    ahead = [device.steps - event.step for event in events if isinstance(event, Step)]
    assert max(map(len, device.reads)) <= MOST
    assert max(ahead) <= UNTOLD_STEPS


class Paced(CpuDevice):
    """A processor that needs so many seconds for each step, by a clock of its own."""

    flush_seconds = 1.0

    def __init__(self, clock: list[float], seconds: Callable[[int], float]) -> None:
        self._clock = clock
        self._seconds = seconds
        self.made = 0

    def step_end(self) -> None:
        self.made += 1
        self._clock[0] += self._seconds(self.made)


def told_when(clock: list[float], seconds: Callable[[int], float], steps: int) -> list[tuple[int, int]]:
    """Each step with the number of steps that had been made when it was told, by the device and by itself."""
    device = Paced(clock, seconds)
    events, _ = make(TrainerConfig(epochs=1), device, batches=[torch.tensor(0)] * steps)
    found = []
    for event in events:
        if isinstance(event, Step):
            assert event.made == device.made
            found.append((event.step, device.made))
    return found


def test_steps_of_the_processor_that_last_long_are_told_at_once(clock: list[float]) -> None:
    assert told_when(clock, lambda step: 1.5, 20) == [(step, step) for step in range(1, 21)]


def test_short_ones_are_told_together_before_anybody_could_miss_them(clock: list[float]) -> None:
    told = told_when(clock, lambda step: 0.25, 9)
    assert told == [(1, 1), *((step, 5) for step in range(2, 6)), *((step, 9) for step in range(6, 10))]


def test_steps_that_become_slow_are_not_held_back(clock: list[float]) -> None:
    """By the pace of the first hundred two dozen would make a copy."""
    told = told_when(clock, lambda step: 0.04 if step <= 100 else 5.0, 120)
    assert max(made - step for step, made in told if made <= 100) > 10
    assert [made - step for step, made in told if step > 101] == [0] * 19
