"""The search for a learning rate on the screen: started from Launch, watched, left, and taken into the search."""

from __future__ import annotations

import math

import pytest
from builders import Recorder
from test_launch_screen import project as project
from test_launch_screen import with_launch
from tui_stage import cockpit, play, press, screen_text, until

from cockpit.events.kinds import Eval, Step
from cockpit.store.learning_rate import found_rate
from cockpit.store.reader import Index
from cockpit.tui import app as app_module
from cockpit.tui.chart.course import Course
from cockpit.tui.chart.scale import Scale
from cockpit.tui.screens.launch import LaunchScreen
from cockpit.tui.screens.learning_rate import LearningRateScreen
from cockpit.tui.widgets.chart import Chart

SPAN = {"lr_range.low": 1e-6, "lr_range.high": 1.0, "lr_range.steps": 121}
NAME = "exp001-find_lr_hill"
FOUND = {"smoothed_loss": 0.25, "suggested_lr": 6.2e-4, "lowest_lr": 0.01, "exploding_lr": 0.05}


def finder(logs, steps=100, found=FOUND):
    """A search for a learning rate that ran to its end, or runs where nothing was found."""
    recorder = Recorder(
        logs, NAME, trainer="find_lr:hill", metric="smoothed_loss", goal="minimize", question="Which rate?", varied=[]
    )
    writer = recorder.start(0, config=SPAN)
    for step in range(1, steps + 1):
        loss = 0.25 + 1 / (1 + math.exp((step - 60) / 8))
        metrics = {"loss": loss, "smoothed_loss": loss, "lr": 1e-6 * 10 ** ((step - 1) / 20)}
        writer.write(Step(phase="train", step=step, time=step / 10, metrics=metrics))
    if found:
        writer.write(Eval(phase="range", step=steps, time=1.0, metrics=found))
        recorder.finish(0, writer)
        recorder.end()
    return recorder


def with_screen(logs, scene, **settings):
    async def scenario():
        async with cockpit(logs, **settings) as (app, pilot):
            await until(pilot, lambda: app.snapshot)
            app.push_screen(LearningRateScreen(NAME))
            await until(pilot, lambda: isinstance(app.screen, LearningRateScreen))
            await scene(app, pilot)

    play(scenario())


def test_a_course_labels_steps_with_what_grows():
    course = Course("lr", 1e-6, 10 ** (1 / 20))
    assert [course.step(value) for value in (1e-6, 1e-5, 1e-2, 1.0)] == [1, 21, 81, 121]
    assert course.text(57) == "lr 6.3e-04"
    ticks = course.ticks(Scale(1, 121), 60)
    assert ticks.labels == ("1e-06", "1e-05", "1e-04", "0.001", "0.01", "0.1", "1")
    assert ticks.places == pytest.approx([number / 6 for number in range(7)])
    assert course.span(Scale(1, 121)) == "1e-06–1"
    assert course.begun(Scale(0, 120)) == Scale(1, 120)  # an axis of steps begins at a round one
    assert course.span(Scale(1, 119)) == "1e-06–0.79"


def test_the_curve_stands_over_rates_and_the_suggestion_above(tmp_path):
    finder(tmp_path)

    async def scene(app, pilot):
        await until(pilot, lambda: "where the loss falls most steeply" in screen_text(app))
        await until(pilot, lambda: "smoothed" in screen_text(app))
        text = screen_text(app)
        assert "lr 6.2e-04, where the loss falls most steeply; lowest at 0.01 (0.2500); explodes at 0.05" in text
        assert all(label in text for label in ("Which rate?", "1e-05", "1e-04", "0.001"))
        assert "stop sweep" not in text and "use it" not in text
        upright = {line.index("┊") for line in text.splitlines() if "┊" in line}
        assert len(upright) == 1  # in the column of the suggestion
        await press(pilot, "comma")
        await until(pilot, lambda: "lr 0.0" in screen_text(app))

    with_screen(tmp_path, scene, size=(132, 24))


def test_one_that_runs_tells_how_far_it_is_and_can_be_ended(tmp_path):
    recorder = finder(tmp_path, steps=40, found={})

    async def scene(app, pilot):
        await until(pilot, lambda: "looking: step 40 of 121" in screen_text(app))
        assert app.screen.query_one(Chart).course == Course("lr", 1e-6, pytest.approx(10 ** (1 / 20)))
        await press(pilot, "S")
        assert "stop looking?" in screen_text(app)
        await press(pilot, "y")
        await until(pilot, lambda: recorder.run.control.exists())
        await press(pilot, "escape")
        await until(pilot, lambda: not isinstance(app.screen, LearningRateScreen))

    with_screen(tmp_path, scene)


def test_launch_looks_for_a_rate_and_takes_it(project, monkeypatch):
    monkeypatch.setattr(app_module, "spawn_detached", _spawn(project))

    async def scene(app, pilot):
        await until(pilot, lambda: app.screen.desk.plan is not None)
        await press(pilot, "ctrl+l")
        await until(pilot, lambda: isinstance(app.screen, LearningRateScreen))
        app.feed.pause(False)
        await until(pilot, lambda: "where the loss falls most steeply" in screen_text(app))
        app.feed.pause(True)
        await press(pilot, "u")
        await until(pilot, lambda: isinstance(app.screen, LaunchScreen))
        assert app.screen.desk.draft.search().fixed["lr"] == 6.2e-4

    with_launch(project, scene)
    assert project.starter.started == [["find-lr", "hill", "--logs", str(project.logs)]]


def _spawn(project):
    def spawn(arguments, command="sweep"):
        project.starter.started.append([command, *arguments])
        finder(project.logs)
        return NAME, 123

    return spawn


def test_what_was_found_is_read_from_the_record(tmp_path):
    run = finder(tmp_path).run
    with Index(run) as index:
        found = found_rate(index.sweep(), index.trials())
    assert found is not None
    assert (found.trainer, found.suggested, found.exploding, found.loss) == ("hill", 6.2e-4, 0.05, 0.25)
    assert found.factor == pytest.approx(10 ** (1 / 20))


def test_an_ordinary_experiment_found_no_rate(tmp_path):
    run = Recorder(tmp_path).trial(0, [0.5]).end()
    with Index(run) as index:
        assert found_rate(index.sweep(), index.trials()) is None


def test_it_is_what_opens_from_the_list_and_by_its_name(tmp_path):
    finder(tmp_path)

    async def from_the_list():
        async with cockpit(tmp_path) as (app, pilot):
            await until(pilot, lambda: NAME.partition("-")[0] in screen_text(app))
            await press(pilot, "enter")
            await until(pilot, lambda: isinstance(app.screen, LearningRateScreen))

    async def by_its_name():
        async with cockpit(tmp_path, target=(NAME, "")) as (app, pilot):
            await until(pilot, lambda: "where the loss falls most steeply" in screen_text(app))
            assert isinstance(app.screen, LearningRateScreen)
            await press(pilot, "enter")
            await until(pilot, lambda: app.screen.place == "trial")

    async def above_its_trial():
        async with cockpit(tmp_path, target=(NAME, "t000")) as (app, pilot):
            await until(pilot, lambda: app.snapshot and NAME in app.snapshot.sweeps)
            await press(pilot, "escape")
            await until(pilot, lambda: isinstance(app.screen, LearningRateScreen))

    play(from_the_list())
    play(by_its_name())
    play(above_its_trial())


@pytest.mark.parametrize(
    ("found", "text"),
    [
        ({"suggested_lr": 0.1, "lowest_lr": 0.95}, "; lowest at about the last rate, 1 (0.2500)"),
        ({"suggested_lr": 0.1, "lowest_lr": 0.5}, "; lowest at 0.5 (0.2500); does not explode up to 1"),
        ({"lowest_lr": 0.95, "exploding_lr": 0.99}, "; lowest at 0.95 (0.2500); explodes at 0.99"),
    ],
    ids=["may fall on", "has risen again", "has exploded"],
)
def test_a_loss_that_is_lowest_at_the_end_is_told_so(tmp_path, found, text):
    recorder = finder(tmp_path, found={"smoothed_loss": 0.25, **found})
    with Index(recorder.run) as index:
        assert found_rate(index.sweep(), index.trials()).text.endswith(text)
