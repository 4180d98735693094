"""Every trainer on a device that only records: no step asks for a value, and what comes to the host is counted."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import fields
from pathlib import Path

import pytest
import torch
from lazy_device import LazyDevice
from test_trainer_contract import EPOCHS, FOLDERS, QUICK

import trainers
from trainers import registry
from trainers.configs.torch_config import TorchConfig
from trainers.contract import Built, Eval, Event, InputError, Saved, Step
from trainers.devices.base import Device
from trainers.devices.select import select

# Four steps and an evaluation of each, on a handful of rows.
STEPS = 4
ROWS = {"audio": 6, "matching": 4, "sentences": 24, "toxicity": 6, "xnli": 3}
TRAINERS = [name for name in QUICK if registry.find(name).uses_torch]
# Pictures that grow in the course of training are the point of that setting: each size is a graph of its own.
SIZES = {"matching": 2}


def trained(name: str, device: Device, values: Mapping[str, object]) -> list[Event]:
    """All events of a training, of which a lazy device is watched from the first step on."""
    trainer = registry.find(name)
    device.setup(threads=1)
    events = []
    for event in registry.load_recipe(trainer)(registry.build_config(trainer, values), device):
        if isinstance(event, Built) and isinstance(device, LazyDevice):
            device.watch()
        events.append(event)
    return events


def losses(events: list[Event]) -> list[float]:
    return [event.metrics["loss"] for event in events if isinstance(event, Step)]


@pytest.fixture
def values(name: str, request: pytest.FixtureRequest) -> dict[str, object]:
    data = str(request.getfixturevalue(FOLDERS.get(name, "shop")))
    return QUICK[name] | {"data": data, "epochs": 1, "batch_size": ROWS[name]}


@pytest.mark.parametrize("name", TRAINERS)
def test_no_step_reads_and_each_logged_one_is_one_copy(name: str, values: dict[str, object]) -> None:
    with LazyDevice() as device:
        events = trained(name, device, values)
    assert len(losses(events)) == STEPS
    assert device.fetches == device.flushes == len(device.graphs) == STEPS
    assert device.evaluation_reads > 0
    # The first step, which makes the optimizer's state, one with norms and one without: shapes never change.
    assert len(set(device.graphs)) <= 3
    # Attention and optimizers go by other formulas here, which similarities of vectors that are all nearly 0 magnify.
    assert losses(events) == pytest.approx(losses(trained(name, select("cpu"), values)), rel=1e-3, abs=1e-4)


@pytest.mark.parametrize("name", ["sentences"])
def test_many_steps_travel_in_one_copy(name: str, values: dict[str, object]) -> None:
    with LazyDevice(flush_seconds=1e9) as device:
        events = trained(name, device, values)
    assert [event.step for event in events if isinstance(event, Step)] == list(range(1, STEPS + 1))
    # The first one by itself, which tells the pace; all others before the evaluation.
    assert device.fetches == device.flushes == 2


@pytest.mark.slow
@pytest.mark.parametrize("name", TRAINERS)
def test_whole_trainings_read_nothing_within_steps(name: str, request: pytest.FixtureRequest, tmp_path: Path) -> None:
    """With evaluations, checkpoints, artefacts, tuning and augmentation, from data in files."""
    data = str(request.getfixturevalue(FOLDERS.get(name, "shop")))
    values = EPOCHS[name] | {"data": data, "out": str(tmp_path / "out"), "precision": "fp32"}
    with LazyDevice() as device:
        events = trained(name, device, values)
    every_log = 2 if EPOCHS[name].get("log_every", 1) > 1 else 1  # type: ignore[operator]
    assert len(set(device.graphs)) <= 1 + SIZES.get(name, 1) * (2 + every_log)
    assert [event for event in events if isinstance(event, Eval)]
    last = [event.path for event in events if isinstance(event, Saved) and event.label == "last"][-1]
    opened = torch.load(last, weights_only=True)
    assert all(tensor.device.type == "cpu" for tensor in opened["model"].values())


@pytest.mark.slow
@pytest.mark.parametrize("name", TRAINERS)
def test_no_choice_that_a_trainer_offers_reads_within_a_step(name: str, values: dict[str, object]) -> None:
    """One setting after the other is given each of its values, for as many steps as make and use the optimizer."""
    tried = 0
    for key, choice in choices_of(name):
        try:
            with LazyDevice() as device:
                steps = first_steps(name, device, values | {key: choice}, count=2)
        except InputError:
            continue  # does not go with these few rows, or not by itself
        assert steps == device.fetches == device.flushes == 2, (key, choice)
        tried += 1
    assert tried >= 2


def choices_of(name: str) -> list[tuple[str, object]]:
    """All values but the default one of the settings that only this trainer has."""
    trainer = registry.find(name)
    shared = {field.name for field in fields(TorchConfig)}
    found: list[tuple[str, object]] = []
    for key, info in registry.fields(trainer).items():
        offered = info.choices or ((True, False) if isinstance(info.default, bool) else ())
        found += [(key, choice) for choice in offered if key not in shared and choice != info.default]
    return found


def first_steps(name: str, device: LazyDevice, values: Mapping[str, object], count: int) -> int:
    """Makes so many steps and leaves. Returns how many were told of."""
    trainer = registry.find(name)
    device.setup(threads=1)
    events = registry.load_recipe(trainer)(registry.build_config(trainer, values), device)
    steps = 0
    for event in events:
        if isinstance(event, Built):
            device.watch()
        steps += isinstance(event, Step)
        if steps == count:
            break
    events.close()
    return steps


def test_a_trainer_never_mentions_a_device() -> None:
    """What differs is asked of the device, so that another one can be added without touching a trainer."""
    words = re.compile(r"device\.kind|\.is_cuda|[\"'](cuda|mps|xla|tpu)[\"']|torch\.(cuda|mps)\b|import torch_xla")
    root = Path(trainers.__file__).parent
    apart = {"devices", "profiling.py"}  # the second asks what torch's profiler can record
    files = [file for file in root.rglob("*.py") if not apart & set(file.relative_to(root).parts)]
    assert len(files) > 50
    assert [str(file) for file in files if words.search(file.read_text(encoding="utf-8"))] == []
