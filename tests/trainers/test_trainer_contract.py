"""What every registered trainer has to keep, whoever wrote it."""

from __future__ import annotations

import contextlib
import json
import math
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from untimed import untimed

from trainers import registry
from trainers.contract import Built, CheckpointError, Eval, Event, Events, Save, Saved, Set, Step
from trainers.devices.select import select_for
from trainers.lines import format_event

Run = Callable[..., list[Event]]

SMALL_SENTENCES: dict[str, object] = {
    "width": 8, "layers": 1, "heads": 2, "feed_forward": 8, "embedding": 8, "features": 64, "words": 8,
}  # fmt: skip

# The settings with which each trainer makes a handful of steps.
QUICK: dict[str, dict[str, object]] = {
    "audio": {"epochs": 0.2, "batch_size": 16, "hop": 160, "mels": 16, "norms_every": 2, "scheduler": "none"},
    "matching": {"epochs": 0.05, "batch_size": 8, "norms_every": 2},
    "sentences": {**SMALL_SENTENCES, "epochs": 0.05, "batch_size": 24, "norms_every": 2, "scheduler": "none"},
    "toxicity": {"epochs": 0.03, "batch_size": 8, "tokens": 16, "norms_every": 2},
    "toy": {"epochs": 0.5, "norms_every": 2},
    "vote": {},
    "xnli": {"epochs": 0.03, "batch_size": 16, "norms_every": 2, "scheduler": "none"},
}

# The settings with which each trainer makes a few steps in each of a few epochs.
EPOCHS: dict[str, dict[str, object]] = {
    "audio": {
        "epochs": 1.5,
        "batch_size": 8,
        "folds": 4,
        "hop": 160,
        "mels": 16,
        "seconds": 0.3,
        "norms_every": 3,
        "mixup": 0.5,
        "head": "prelu",
        "sampler": "balanced",
        "cache": "none",
        "precision": "bf16",
        "channels_last": True,
    },
    "matching": {
        "epochs": 2.5,
        "batch_size": 4,
        "folds": 4,
        "progressive": "8,16",
        "progressive_every": 1,
        "augment": "full",
        "modalities": "image",
        "norms_every": 3,
        "scheduler": "plateau",
        "clip_norm": 0.5,
    },
    "sentences": {**SMALL_SENTENCES, "epochs": 2.5, "batch_size": 24, "folds": 5, "norms_every": 3, "word_ratio": 0.5},
    "toxicity": {
        "epochs": 1.5,
        "batch_size": 6,
        "tokens": 16,
        "norms_every": 3,
        "log_every": 2,
        "augment": "often+low",
        "tune_epochs": 2,
        "accumulate": 2,
    },
    "toy": {"epochs": 2.5, "steps": 4, "norms_every": 3},
    "xnli": {
        "epochs": 1.5,
        "batch_size": 4,
        "tokens": 12,
        "norms_every": 3,
        "clip_norm": 0.5,
        "save_every": 2,
        "precision": "fp16",
    },
}

# The data with which it does: the fixture of a trainer that does not take the photos and titles of the shop.
FOLDERS = {"audio": "sounds", "toxicity": "talk", "xnli": "nli"}

# Trainers of one evaluation: there is no step to take, to steer, to save at or to go on from.
UNTRAINED = ("vote",)

pytestmark = pytest.mark.parametrize("name", registry.names())


@pytest.fixture
def trains(name: str) -> None:
    if name in UNTRAINED:
        pytest.skip("nothing is trained")


def start(name: str, **values: object) -> Events:
    trainer = registry.find(name)
    device = select_for(trainer, "cpu")
    device.setup(threads=1)
    return registry.load_recipe(trainer)(registry.build_config(trainer, QUICK[name] | values), device)


def numbers_of(events: list[Event]) -> list[Any]:
    """Everything but the clock."""
    return [
        (type(event).__name__, event.phase, event.epoch, event.step, untimed(event), getattr(event, "norms", ()))
        for event in events
        if isinstance(event, Step | Eval)
    ]


def learnt(path: str) -> dict[str, Any]:
    """What a checkpoint holds of the training: not where, with which settings and how fast it was made."""
    if path.endswith(".json"):
        state = json.loads(Path(path).read_text())
    else:
        import torch

        state = torch.load(path, weights_only=True)
    return {key: value for key, value in state.items() if key not in ("config", "elapsed")}


def same(one: Any, other: Any) -> bool:
    """Equal to the last bit, tensors included."""
    if isinstance(one, dict):
        return one.keys() == other.keys() and all(same(one[key], other[key]) for key in one)
    if isinstance(one, list | tuple):
        return len(one) == len(other) and all(map(same, one, other))
    if hasattr(one, "numpy"):
        return bool(one.numpy().tobytes() == other.numpy().tobytes())
    return bool(one == other)


def drive(name: str, folder: Path, saves: bool = False, **values: object) -> tuple[list[Event], dict[int, Path]]:
    """Runs a trainer to its end, changing one steerable setting after the other from step 2 on.

    With `saves` a checkpoint is asked for at every other step and evaluation. Returns the events, without what was
    said of these, and a copy of each checkpoint by the number of events before it.
    """
    events = start(name, out=str(folder), **(EPOCHS[name] | values))
    steered = {step: Set(key, 2e-3 * step) for step, key in enumerate(steerable(name), start=2)}
    seen: list[Event] = []
    copies: dict[int, Path] = {}
    answer: Save | Set | None = None
    with contextlib.suppress(StopIteration):
        while True:
            seen.append(events.send(answer))  # type: ignore[arg-type]
            answer = steered.get(seen[-1].step) if isinstance(seen[-1], Step) else None
            if saves and answer is None and isinstance(seen[-1], Step | Eval):
                saved = events.send(Save())
                assert isinstance(saved, Saved)
                assert saved.label == "last"
                copies[len(seen)] = folder / f"cut{len(seen)}{Path(saved.path).suffix}"
                shutil.copy(saved.path, copies[len(seen)])
    return seen, copies


def steerable(name: str) -> list[str]:
    return [key for key, info in registry.fields(registry.find(name)).items() if info.steerable]


def last(events: list[Event], otherwise: Path | None = None) -> str:
    return str([otherwise, *(event.path for event in of(Saved, events) if event.label == "last")][-1])


def of(kind: type, events: list[Event]) -> list[Any]:
    return [event for event in events if isinstance(event, kind)]


def test_it_describes_itself(name: str) -> None:
    trainer = registry.find(name)
    assert trainer.name == name
    assert trainer.summary
    assert set(trainer.metrics.values()) <= {"maximize", "minimize"}
    assert all(info.help for info in registry.fields(trainer).values())


def test_defaults_pass_their_own_checks(name: str) -> None:
    trainer = registry.find(name)
    defaults = {key: info.default for key, info in registry.fields(trainer).items()}
    config = registry.build_config(trainer, defaults)
    assert config == trainer.config()
    trainer.check(config)
    assert set(config.ineffective()) <= set(defaults)


def test_it_tells_what_it_built_then_steps_and_evaluations(name: str, run: Run) -> None:
    events = run(name, QUICK[name])
    built, steps, evaluations = events[0], of(Step, events), of(Eval, events)
    assert isinstance(built, Built)
    assert built.effective
    assert all(isinstance(value, str | int | float | bool | None) for value in built.effective.values())
    assert [step.step for step in steps] == list(range(1, built.total_steps + 1))
    assert len(of(Built, events)) == 1
    assert all(math.isfinite(step.metrics["loss"]) for step in steps)
    assert evaluations[-1].phase == "valid"
    assert evaluations[-1].step == built.total_steps
    assert set(registry.find(name).metrics) <= set(evaluations[-1].metrics)


def test_times_never_run_backwards(name: str, run: Run) -> None:
    events = run(name, QUICK[name])
    times = [step.time for step in of(Step, events)]
    assert times == sorted(times)
    assert all(evaluation.time >= 0 for evaluation in of(Eval, events))


@pytest.mark.usefixtures("trains")
def test_norms_of_all_groups_appear(name: str, run: Run) -> None:
    events = run(name, QUICK[name])
    groups = events[0].groups if isinstance(events[0], Built) else ()
    tables = [step.norms for step in of(Step, events) if step.norms]
    assert tables
    assert all(tuple(norms.group for norms in table) == groups for table in tables)
    assert all(norms.param_mean > 0 for table in tables for norms in table)


@pytest.mark.usefixtures("trains")
def test_how_it_computes_is_set_and_told(name: str) -> None:
    """In half precision, with several batches in a step, clipped gradients and one kernel for the optimizer."""
    wanted: dict[str, object] = {"precision": "bf16", "accumulate": 2, "clip_norm": 1e-3, "fused": True}
    if not set(wanted) <= set(registry.fields(registry.find(name))):
        pytest.skip("it does not compute with torch")

    def beginning(**values: object) -> tuple[Built, Step]:
        events = start(name, **values)
        built, step = next(events), next(events)
        events.close()
        assert isinstance(built, Built)
        assert isinstance(step, Step)
        return built, step

    built, step = beginning(**wanted)
    plainly_built, plain_step = beginning(clip_norm=0.0)
    defaults = {"precision": "fp32", "accumulate": 1, "clip_norm": 0.0, "fused": False, "compile": False}
    assert {key: plainly_built.effective[key] for key in defaults} == defaults
    assert {key: built.effective[key] for key in wanted} == wanted
    batches = plainly_built.effective["steps_per_epoch"]
    assert isinstance(batches, int)
    assert built.effective["steps_per_epoch"] == math.ceil(batches / 2)
    assert built.total_steps < plainly_built.total_steps
    assert step.metrics["grad_norm"] > step.metrics["clipped_norm"] == pytest.approx(1e-3, rel=1e-3)
    assert step.metrics["loss"] == pytest.approx(plain_step.metrics["loss"], rel=0.5)


def test_every_event_but_the_first_has_a_line(name: str, run: Run, tmp_path: Path) -> None:
    events = run(name, QUICK[name] | {"out": str(tmp_path)})
    assert all(format_event(event, ("a", "b", "c")) for event in events[1:])


def test_one_seed_gives_equal_numbers(name: str, run: Run) -> None:
    def numbers() -> list[dict[str, float]]:
        return [untimed(event) for event in run(name, QUICK[name]) if isinstance(event, Step | Eval)]

    assert numbers() == numbers()


def test_it_writes_only_where_it_is_told_and_says_so(name: str, run: Run, tmp_path: Path) -> None:
    out = tmp_path / "trial"
    saved = of(Saved, run(name, QUICK[name] | {"out": str(out)}))
    assert ("last" in {event.label for event in saved}) == (name not in UNTRAINED)
    assert saved
    assert all(Path(event.path).is_file() and out in Path(event.path).parents for event in saved)
    assert not [file for file in out.rglob("*") if file.name.endswith(".part")]


@pytest.mark.usefixtures("trains")
def test_commands_are_obeyed(name: str, tmp_path: Path) -> None:
    events = start(name, out=str(tmp_path / "trial"))
    next(events), next(events)
    saved = events.send(Save())
    assert isinstance(saved, Saved)
    assert Path(saved.path).is_file()
    for key, info in registry.fields(registry.find(name)).items():
        if info.steerable:
            assert isinstance(events.send(Set(key, 1e-3)), Step | Saved | Eval)
    events.close()


@pytest.mark.usefixtures("trains")
def test_a_training_that_was_cut_anywhere_goes_on_as_if_it_had_not_been(
    name: str, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    data = str(request.getfixturevalue(FOLDERS.get(name, "shop")))
    whole, _ = drive(name, tmp_path / "whole", data=data)
    asked, copies = drive(name, tmp_path / "asked", saves=True, data=data)
    assert numbers_of(asked) == numbers_of(whole), "asking for a checkpoint changed the training"
    assert same(learnt(last(asked)), learnt(last(whole)))
    kinds = {type(asked[place - 1]) for place in copies}
    assert kinds == {Step, Eval}
    for place, copy in copies.items():
        folder = tmp_path / f"from{place}"
        rest, _ = drive(name, folder, resume=str(copy), data=data)
        built = rest[0]
        assert isinstance(built, Built)
        assert built.step == asked[place - 1].step  # type: ignore[union-attr]
        assert numbers_of(rest) == numbers_of(asked[place:]), f"cut behind {asked[place - 1]}"
        # Behind the last evaluation nothing is left to do or to save.
        assert same(learnt(last(rest, otherwise=copy)), learnt(last(whole)))
        times = [event.time for event in of(Step, rest)]
        assert all(time >= asked_before.time for time in times for asked_before in of(Step, asked[:place]))


@pytest.mark.usefixtures("trains")
def test_what_can_be_steered_may_differ_from_the_checkpoint(name: str, tmp_path: Path) -> None:
    """Given anew it counts; else a value that was steered stays."""
    assert "lr" in steerable(name)
    events = start(name, out=str(tmp_path))
    next(events), next(events)
    events.send(Set("lr", 2e-3))
    saved = events.send(Save())
    events.close()
    assert isinstance(saved, Saved)
    for values, rate in (({}, 2e-3), ({"lr": 3e-3}, 3e-3)):
        events = start(name, resume=saved.path, **values)
        step = next(event for event in events if isinstance(event, Step))
        events.close()
        assert step.metrics["lr"] == rate


@pytest.mark.usefixtures("trains")
def test_checkpoints_that_cannot_be_gone_on_from_are_one_line(name: str, tmp_path: Path) -> None:
    events = start(name, out=str(tmp_path / "trial"))
    next(events), next(events)
    saved = events.send(Save())
    events.close()
    assert isinstance(saved, Saved)
    good = Path(saved.path)
    files = {
        "missing": tmp_path / "nothing",
        "folder": tmp_path,
        "empty": tmp_path / "empty",
        "torn": tmp_path / "torn",
        "other": Path(__file__),
    }
    files["empty"].touch()
    files["torn"].write_bytes(good.read_bytes()[:-40])
    unusable = [{"resume": str(path)} for path in files.values()]
    for values in [*unusable, {"resume": str(good), "seed": 1}]:
        with pytest.raises(CheckpointError) as refusal:
            next(start(name, **values))
        text = str(refusal.value)
        assert str(values["resume"]) in text
        assert "start over without resume" in text
        assert "\n" not in text
    free: dict[str, object] = {"epochs": 3, "log_every": 2, "norms_every": 0, "out": str(tmp_path / "elsewhere")}
    events = start(name, resume=str(good), **free)
    assert isinstance(next(events), Built)
    events.close()


@pytest.mark.usefixtures("trains")
def test_closing_ends_it_wherever_it_is(name: str) -> None:
    for events_before in range(4):
        events = start(name)
        for _ in range(events_before):
            next(events)
        events.close()
        with pytest.raises(StopIteration):
            next(events)


def test_it_prints_nothing(name: str, run: Run, capfd: pytest.CaptureFixture[str]) -> None:
    run(name, QUICK[name])
    assert capfd.readouterr() == ("", "")
