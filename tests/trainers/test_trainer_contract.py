"""What every registered trainer has to keep, whoever wrote it."""

from __future__ import annotations

import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from trainers import registry
from trainers.contract import Built, Eval, Event, Events, Save, Saved, Set, Step
from trainers.devices.select import select_for
from trainers.lines import format_event

Run = Callable[..., list[Event]]

# The settings with which each trainer makes a handful of steps.
QUICK: dict[str, dict[str, object]] = {
    "matching": {"epochs": 0.05, "batch_size": 8, "norms_every": 2},
    "toy": {"epochs": 0.5, "norms_every": 2},
}

pytestmark = pytest.mark.parametrize("name", registry.names())


def start(name: str, **values: object) -> Events:
    trainer = registry.find(name)
    device = select_for(trainer, "cpu")
    device.setup(threads=1)
    return registry.load_recipe(trainer)(registry.build_config(trainer, QUICK[name] | values), device)


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


def test_norms_of_all_groups_appear(name: str, run: Run) -> None:
    events = run(name, QUICK[name])
    groups = events[0].groups if isinstance(events[0], Built) else ()
    tables = [step.norms for step in of(Step, events) if step.norms]
    assert tables
    assert all(tuple(norms.group for norms in table) == groups for table in tables)
    assert all(norms.param_mean > 0 for table in tables for norms in table)


def test_every_event_but_the_first_has_a_line(name: str, run: Run, tmp_path: Path) -> None:
    events = run(name, QUICK[name] | {"out": str(tmp_path)})
    assert all(format_event(event, ("a", "b", "c")) for event in events[1:])


def test_one_seed_gives_equal_numbers(name: str, run: Run) -> None:
    def numbers() -> list[dict[str, float]]:
        return [dict(event.metrics) for event in run(name, QUICK[name]) if isinstance(event, Step | Eval)]

    assert numbers() == numbers()


def test_it_writes_only_where_it_is_told_and_says_so(name: str, run: Run, tmp_path: Path) -> None:
    out = tmp_path / "trial"
    saved = of(Saved, run(name, QUICK[name] | {"out": str(out)}))
    assert "last" in {event.label for event in saved}
    assert all(Path(event.path).is_file() and out in Path(event.path).parents for event in saved)
    assert not [file for file in out.rglob("*") if file.name.endswith(".part")]


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
