from __future__ import annotations

import json
import math
from collections.abc import Callable
from pathlib import Path

import pytest

from trainers import registry
from trainers.contract import Built, CheckpointError, Eval, Event, Events, Save, Saved, Set, Step
from trainers.devices.none import NoDevice

Run = Callable[..., list[Event]]


def start(**values: object) -> Events:
    trainer = registry.find("toy")
    return registry.load_recipe(trainer)(registry.build_config(trainer, values), NoDevice())


def scores(events: list[Event]) -> list[float]:
    return [event.metrics["score"] for event in events if isinstance(event, Eval)]


def test_scores_rise_towards_the_height_of_the_hill(run: Run) -> None:
    top, slope = scores(run("toy", {"x": 0.6, "y": -0.3})), scores(run("toy", {"x": 1.6}))
    assert len(top) == 5
    assert top == sorted(top)
    assert 0.99 < top[-1] < 1.0
    assert slope[-1] < 0.4


def test_two_runs_with_one_config_are_equal(run: Run) -> None:
    assert scores(run("toy", {"x": 0.1})) == scores(run("toy", {"x": 0.1}))


@pytest.mark.parametrize(("epochs", "steps", "evaluations"), [(0.1, 2, 1), (1.5, 30, 2), (2, 40, 2), (0, 0, 0)])
def test_epochs_may_be_fractions(run: Run, epochs: float, steps: int, evaluations: int) -> None:
    events = run("toy", {"epochs": epochs})
    assert isinstance(events[0], Built)
    assert events[0].total_steps == steps
    assert len([event for event in events if isinstance(event, Step)]) == steps
    assert len(scores(events)) == evaluations


def test_it_fails_and_reports_nan_when_told_to() -> None:
    events = start(nan_at=2, fail_at=4)
    losses = []
    with pytest.raises(RuntimeError, match="step 4"):
        losses += [event.metrics["loss"] for event in events if isinstance(event, Step)]
    losses = [event.metrics["loss"] for event in run_until_failure(start(nan_at=2, fail_at=4))]
    assert [math.isnan(loss) for loss in losses] == [False, True, False]


def run_until_failure(events: Events) -> list[Step]:
    steps: list[Step] = []
    try:
        for event in events:
            if isinstance(event, Step):
                steps.append(event)
    except RuntimeError:
        pass
    return steps


def test_steering_the_rate_changes_what_follows() -> None:
    events = start(lr=0.1)
    next(events)
    first = events.send(Set("lr", 0.0))
    second = next(events)
    assert isinstance(first, Step) and isinstance(second, Step)
    assert first.metrics["lr"] == 0.0
    assert first.metrics["score"] == second.metrics["score"] == 0.0


def test_save_writes_a_checkpoint_at_once(tmp_path: Path) -> None:
    events = start(out=str(tmp_path / "trial"))
    next(events), next(events)
    saved = events.send(Save())
    assert saved == Saved(str(tmp_path / "trial" / "last.json"), 1, "last")
    assert json.loads((tmp_path / "trial" / "last.json").read_text())["step"] == 1
    assert isinstance(next(events), Step)


def test_a_checkpoint_follows_every_evaluation(tmp_path: Path) -> None:
    saved = [event for event in start(epochs=1.5, out=str(tmp_path)) if isinstance(event, Saved)]
    assert saved == [Saved(str(tmp_path / "last.json"), step, "last") for step in (20, 30)]


def test_a_checkpoint_that_lacks_something_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "last.json"
    list(start(epochs=0.5, out=str(tmp_path)))
    state = json.loads(path.read_text())
    for key in ("step", "progress", "format", "effective"):
        path.write_text(json.dumps({name: value for name, value in state.items() if name != key}))
        with pytest.raises(CheckpointError, match=r"last\.json (lacks|is no checkpoint)"):
            next(start(resume=str(path)))


def test_what_may_change_while_it_runs_may_differ_from_the_checkpoint(tmp_path: Path) -> None:
    list(start(epochs=0.5, out=str(tmp_path)))
    path = str(tmp_path / "last.json")
    rates = [event.metrics["lr"] for event in start(resume=path, lr=0.3) if isinstance(event, Step)]
    assert set(rates) == {0.3}
    with pytest.raises(CheckpointError, match=r"was saved with x = 0\.0, not 0\.1"):
        next(start(resume=path, lr=0.3, x=0.1))


def test_save_without_a_folder_goes_on_training() -> None:
    events = start()
    next(events), next(events)
    following = events.send(Save())
    assert isinstance(following, Step)
    assert following.step == 2


def test_norms_come_for_both_groups_every_so_many_steps(run: Run) -> None:
    steps = [event for event in run("toy", {"epochs": 1, "norms_every": 5}) if isinstance(event, Step)]
    assert [step.step for step in steps if step.norms] == [5, 10, 15, 20]
    assert [norms.group for norms in steps[4].norms] == ["body", "head"]
