"""The screen of one sweep: trials, curves, tabs, and acting on trials while it runs."""

import os

import pytest
from builders import Recorder, every_kind
from tui_stage import Stage, cockpit, hear, play, press, screen_text, until

from cockpit.engine.spawn import NotStartedError
from cockpit.events.kinds import Answered, Attempt, Built, Eval, Norms, Steered, Step, TrialPaused, TrialStarted
from cockpit.store.indexer import Indexer
from cockpit.tui.interest import Focus, Metric
from cockpit.tui.screens.compare import CompareScreen
from cockpit.tui.screens.diary import DiaryScreen
from cockpit.tui.screens.trial import TrialScreen
from cockpit.tui.widgets.chart import Chart

LARGE = (200, 60)


@pytest.fixture
def stage(tmp_path):
    made = Stage(tmp_path / "logs")
    yield made
    made.indexer.close()


def with_sweep(logs, scene, size=LARGE, trials=3):
    async def scenario():
        async with cockpit(logs, target=("exp001-hill", ""), size=size) as (app, pilot):
            await until(pilot, lambda: len(ids(app)) == trials)
            await scene(app, pilot)

    play(scenario())


def ids(app):
    listing = getattr(app.screen, "listing", None)
    return [row.key for row in listing.visible_rows] if listing is not None and app.screen.is_mounted else []


def drawn(app, number=0):
    chart = list(app.screen.query(Chart))[number]
    return {line.label for line in chart._lines}


def test_each_trial_has_its_line(stage, tmp_path):
    async def scene(app, pilot):
        await until(pilot, lambda: "3/10" in screen_text(app))
        text = screen_text(app)
        for part in ("t000 ◆", "✂ pruned", "● running", "asha rung 1: 0.7 < 0.8", "0.7000", "1.0e-04", "exp001 hill"):
            assert part in text, part
        assert "best t001 0.7000 (+0.5000)" in text.splitlines()[0]

    with_sweep(tmp_path / "logs", scene)


def test_steps_and_curves_follow_what_comes(stage, tmp_path):
    async def scene(app, pilot):
        await press(pilot, "end")
        await until(pilot, lambda: drawn(app) >= {"t002"})
        stage.steps(4, 9)
        await until(pilot, lambda: "9/10" in screen_text(app))
        chart = app.screen.query(Chart).first()
        await until(pilot, lambda: any(line.curve.steps[-1] == 9 for line in chart._lines))

    with_sweep(tmp_path / "logs", scene)


def test_marked_trials_are_drawn_and_no_others(stage, tmp_path):
    async def scene(app, pilot):
        await until(pilot, lambda: drawn(app) == {"t000", "t001", "t002"})
        await press(pilot, "space", "down", "space")
        await until(pilot, lambda: drawn(app) == {"t000", "t001"})
        await press(pilot, "u")
        await until(pilot, lambda: drawn(app) == {"t000", "t001", "t002"})

    with_sweep(tmp_path / "logs", scene)


def test_a_trial_keeps_its_colour(stage, tmp_path):
    async def scene(app, pilot):
        slots = app.screen._slots
        await press(pilot, "space", "down", "space", "down", "space")
        third = slots.assign(app.screen._drawn(app.screen.sweep_view()))[Focus("exp001-hill", "t002")]
        await press(pilot, "home", "space")
        assert slots.assign(app.screen._drawn(app.screen.sweep_view()))[Focus("exp001-hill", "t002")] == third

    with_sweep(tmp_path / "logs", scene)


def test_metrics_can_be_changed(stage, tmp_path):
    async def scene(app, pilot):
        chart = app.screen.query(Chart).first()
        await until(pilot, lambda: chart.title == "loss")
        await press(pilot, "m")
        await until(pilot, lambda: chart.title == "score")
        await press(pilot, "M")
        await until(pilot, lambda: chart.title == "loss")

    with_sweep(tmp_path / "logs", scene)


def test_zoom_log_smoothing_and_cursor(stage, tmp_path):
    async def scene(app, pilot):
        stage.steps(4, 10)
        chart, second = list(app.screen.query(Chart))[:2]
        await press(pilot, "end")
        await until(pilot, lambda: any(line.curve.steps[-1] == 10 for line in chart._lines))
        await press(pilot, "z")
        await until(pilot, lambda: chart.window != (None, None) and second.window == chart.window)
        assert app.screen.interest().window is not None
        await press(pilot, "0")
        await until(pilot, lambda: chart.window == (None, None))
        await press(pilot, "l", "w")
        assert (chart.log_scale, second.log_scale, chart.smoothing) == (True, True, 0.6)
        await press(pilot, "comma")
        await until(pilot, lambda: chart.cursor_step is not None and second.cursor_step == chart.cursor_step)
        await press(pilot, "escape")
        await until(pilot, lambda: chart.cursor_step is None)
        assert app.screen.place == "sweep"

    with_sweep(tmp_path / "logs", scene)


@pytest.mark.parametrize(
    ("key", "words"),
    [
        ("1", ("phase", "train", "loss")),
        ("2", ("|g| mean", "body", "head")),
        ("3", ("hello from t002", "[/bold]")),
        ("4", ("score / x",)),
        ("5", ("baseline", "x ≠")),
    ],
)
@pytest.mark.parametrize("size", [(80, 24), LARGE])
def test_each_tab_shows_what_it_is_for(stage, tmp_path, key, words, size):
    stage.recorder.run.trial("t002").output.write_text("hello from t002\n\x1b[31m[/bold]\x1b[0m\n")

    async def scene(app, pilot):
        await press(pilot, "end", key)
        await until(pilot, lambda: all(word in screen_text(app) for word in words))

    with_sweep(tmp_path / "logs", scene, size=size)


def test_on_a_small_screen_a_tab_takes_the_place_of_the_chart(stage, tmp_path):
    async def scene(app, pilot):
        assert app.screen.query_one("#charts").display
        await press(pilot, "2")
        assert not app.screen.query_one("#charts").display
        await press(pilot, "escape")
        assert app.screen.query_one("#charts").display
        assert app.screen.place == "sweep"

    with_sweep(tmp_path / "logs", scene, size=(80, 24))


def test_best_goes_to_the_best(stage, tmp_path):
    async def scene(app, pilot):
        await press(pilot, "end", "b")
        assert app.screen.current.row.id == "t001"

    with_sweep(tmp_path / "logs", scene)


def test_filtering_by_a_parameter_and_a_status(stage, tmp_path):
    async def scene(app, pilot):
        await press(pilot, "slash", *"lr<5e-3 -pruned", "enter")
        await until(pilot, lambda: ids(app) == ["t000", "t002"])
        await press(pilot, "escape")
        await until(pilot, lambda: len(ids(app)) == 3)

    with_sweep(tmp_path / "logs", scene)


def test_stopping_asks_once_says_that_it_is_on_its_way_and_what_happened(stage, tmp_path):
    async def scene(app, pilot):
        await press(pilot, "end", "s")
        assert "stop t002 at the next step?" in screen_text(app)
        await press(pilot, "y")
        command = await hear(pilot, stage)
        assert (command.name, command.trial) == ("stop", "t002")
        await until(pilot, lambda: "stop t002: on its way" in screen_text(app))
        stage.answer(command, "done", "t002 stopped at step 3")
        await until(pilot, lambda: "stop t002: t002 stopped at step 3" in screen_text(app))

    with_sweep(tmp_path / "logs", scene)


def test_any_other_key_leaves_a_question(stage, tmp_path):
    async def scene(app, pilot):
        await press(pilot, "end", "s", "n")
        assert "stop t002" not in screen_text(app).splitlines()[-1]
        await press(pilot, "s", "escape")
        assert app.screen.place == "sweep"
        assert stage.inbox.read() == []
        await press(pilot, "up")
        assert app.screen.current.row.id == "t001"

    with_sweep(tmp_path / "logs", scene)


def test_what_cannot_be_stopped_is_not_offered(stage, tmp_path):
    async def scene(app, pilot):
        await press(pilot, "home", "s")
        assert "stop" not in screen_text(app).splitlines()[-1].replace("stop sweep", "")

    with_sweep(tmp_path / "logs", scene)


@pytest.mark.parametrize(("key", "name"), [("K", "kill"), ("p", "pause")])
def test_a_refusal_is_told_as_it_is(stage, tmp_path, key, name):
    async def scene(app, pilot):
        await press(pilot, "end", key, "enter")
        command = await hear(pilot, stage)
        assert command.name == name
        stage.answer(command, "refused", "not supported by this engine")
        await until(pilot, lambda: f"{name} t002: not supported by this engine" in screen_text(app))

    with_sweep(tmp_path / "logs", scene)


def test_adding_a_trial_like_this_one(stage, tmp_path):
    async def scene(app, pilot):
        await press(pilot, "end", "a")
        await until(pilot, lambda: "x=0.7 lr=0.0001" in screen_text(app).splitlines()[-1])
        await press(pilot, "backspace", "5", "enter")
        command = await hear(pilot, stage)
        assert (command.name, command.trial, dict(command.settings)) == ("add", None, {"x": 0.7, "lr": 0.0005})

    with_sweep(tmp_path / "logs", scene)


def test_changing_a_value(stage, tmp_path):
    async def scene(app, pilot):
        await press(pilot, "end", "e", "ctrl+u", *"lr=3e-3", "enter")
        command = await hear(pilot, stage)
        assert (command.name, command.trial, dict(command.settings)) == ("set", "t002", {"lr": 0.003})
        await press(pilot, "e", "ctrl+u", *"lr", "enter")
        await until(pilot, lambda: "write it as NAME=VALUE" in screen_text(app))

    with_sweep(tmp_path / "logs", scene)


def test_stopping_the_whole_sweep(stage, tmp_path):
    async def scene(app, pilot):
        await press(pilot, "S", "y")
        command = await hear(pilot, stage)
        assert (command.name, command.trial) == ("stop", None)

    with_sweep(tmp_path / "logs", scene)


def test_a_finished_sweep_offers_no_steering(tmp_path):
    every_kind(tmp_path / "logs")

    async def scene(app, pilot):
        names = {action.name for action, _ in app.screen.actions_now()}
        assert names.isdisjoint({"stop", "kill", "pause", "resume", "add_like", "change_value", "stop_sweep"})
        await press(pilot, "s", "K", "p", "a", "e", "S")
        assert app.screen.place == "sweep"

    with_sweep(tmp_path / "logs", scene, trials=2)


@pytest.mark.parametrize(
    ("keys", "screen"),
    [(("enter",), TrialScreen), (("d",), DiaryScreen), (("space", "down", "space", "c"), CompareScreen)],
)
def test_other_screens_are_a_key_away(stage, tmp_path, keys, screen):
    async def scene(app, pilot):
        await press(pilot, *keys)
        await until(pilot, lambda: isinstance(app.screen, screen))
        await press(pilot, "escape")
        await until(pilot, lambda: app.screen.place == "sweep")

    with_sweep(tmp_path / "logs", scene)


def test_alarming_gradients_are_told(stage, tmp_path):
    stage.writer.write(Norms(step=4, group="head", grad_mean=1.0, nonfinite=2))
    stage.indexer.sync()

    async def scene(app, pilot):
        await press(pilot, "end", "2")
        await until(pilot, lambda: "head: 2 gradients are NaN or infinite at step 4" in screen_text(app))

    with_sweep(tmp_path / "logs", scene, size=(100, 30))


def test_the_palette_names_the_trial(stage, tmp_path):
    async def scene(app, pilot):
        await press(pilot, "end", "ctrl+p", *"stop t002")
        await until(pilot, lambda: "Stop t002" in screen_text(app))
        assert "pause/resume" not in screen_text(app)

    with_sweep(tmp_path / "logs", scene)


def test_evaluations_move_the_best(stage, tmp_path):
    async def scene(app, pilot):
        stage.writer.write(Eval(step=3, metrics={"score": 0.95}))
        stage.indexer.sync()
        await until(pilot, lambda: "best t002 0.9500" in screen_text(app))

    with_sweep(tmp_path / "logs", scene)


def test_a_sweep_that_dies_is_said_to_be_interrupted(tmp_path):
    recorder = Recorder(tmp_path / "logs", pid=os.getpid(), environment={"process_started": "another"})
    recorder.start(0)

    async def scene(app, pilot):
        await until(pilot, lambda: "interrupted" in screen_text(app).splitlines()[0])

    with_sweep(tmp_path / "logs", scene, trials=1)


def test_a_sweep_that_has_no_trials_yet_says_what_it_waits_for(tmp_path):
    recorder = Recorder(tmp_path / "logs", engine="ray")

    async def scene(app, pilot):
        await until(pilot, lambda: "starting Ray…" in screen_text(app))
        recorder.trial(0, [0.5])
        with Indexer(recorder.run) as indexer:
            indexer.sync()
        await until(pilot, lambda: ids(app) == ["t000"])

    with_sweep(tmp_path / "logs", scene, trials=0)


@pytest.mark.parametrize("size", [(80, 24), (100, 30), (160, 45), LARGE, (30, 8)])
def test_every_size_can_be_drawn(stage, tmp_path, size):
    async def scene(app, pilot):
        await until(pilot, lambda: "t000" in screen_text(app) or size[1] < 10)
        assert len(screen_text(app).splitlines()) == size[1]

    with_sweep(tmp_path / "logs", scene, size=size)


def test_the_loss_of_fine_tuning_is_a_metric_of_its_own(stage, tmp_path):
    stage.writer.write(Step(phase="tune", step=1, metrics={"loss": 0.5}))
    stage.indexer.sync()

    async def scene(app, pilot):
        await until(pilot, lambda: Metric("step", "tune", "loss") in app.screen.sweep_view().metrics)

    with_sweep(tmp_path / "logs", scene)


def test_older_steps_are_read_when_somebody_goes_down_to_them(stage, tmp_path):
    stage.steps(4, 700)

    async def scene(app, pilot):
        await press(pilot, "end", "1")
        await until(pilot, lambda: app.snapshot.focus and len(app.snapshot.focus.steps) == 200)
        await until(pilot, lambda: "700" in screen_text(app))
        table = app.screen.query_one("#steps NewestTable")
        app.screen.set_focus(table)
        for rows in (400, 703 + 2):
            await press(pilot, "end")
            await until(pilot, lambda: len(app.snapshot.focus.steps) >= min(rows, 700))  # noqa: B023
        await press(pilot, "end")
        assert "following again at the first row" in screen_text(app)
        await press(pilot, "home")
        stage.steps(701, 701)
        await until(pilot, lambda: table.cursor_key.endswith(" 701"))

    with_sweep(tmp_path / "logs", scene)


def rest(stage, trial, status, attempt=1, **fields):
    """End the present attempt of a trial."""
    stage.recorder.ledger.write(TrialPaused(trial=trial, status=status, attempt=attempt, **fields))
    stage.indexer.sync()


def offered(app):
    return {action.name for action, _ in app.screen.actions_now()}


@pytest.mark.parametrize(("size", "told"), [(LARGE, "2/4  1 paused, 1 waiting"), ((80, 24), "2/4  ‖1 ◌1")])
def test_what_rests_is_counted_above_and_is_not_over(stage, tmp_path, size, told):
    rest(stage, "t002", "paused", reason="paused by me@here")
    stage.recorder.start(3)
    rest(stage, "t003", "waiting", reason="attempt 1 failed: no")

    async def scene(app, pilot):
        await until(pilot, lambda: told in screen_text(app).splitlines()[0])
        assert all(word in screen_text(app) for word in ("‖ paused", "◌ waiting"))
        await press(pilot, "end")
        assert {"stop", "kill", "pause", "change_value"} <= offered(app)
        await press(pilot, "up")
        assert {"stop", "kill", "resume", "change_value"} <= offered(app)
        assert "pause" not in offered(app)

    with_sweep(tmp_path / "logs", scene, size=size, trials=4)


def test_the_whole_sweep_is_paused_and_goes_on(stage, tmp_path):
    async def scene(app, pilot):
        await press(pilot, "P", "y")
        command = await hear(pilot, stage)
        assert (command.name, command.trial) == ("pause", None)
        stage.answer(command, "done", "nothing more is started; 1 trial told to pause")
        await until(pilot, lambda: "resume_sweep" in offered(app))
        assert "pause_sweep" not in offered(app)
        stage.recorder.ledger.write(Answered(command="c2", name="resume", state="refused", at=2.0))
        stage.indexer.sync()
        await until(pilot, lambda: "pause_sweep" in offered(app))
        rest(stage, "t002", "paused", reason="paused by me@here")
        await until(pilot, lambda: "resume_sweep" in offered(app))  # nothing runs, so that is all there is to do

    with_sweep(tmp_path / "logs", scene)


def test_the_configuration_tells_of_attempts_and_changes(stage, tmp_path):
    rest(stage, "t002", "paused", reason="paused by me@here")
    stage.recorder.ledger.write(TrialStarted(trial="t002", config={"x": 0.7, "lr": 1e-4}, attempt=2))
    for event in (
        Attempt(attempt=2),
        Built(step=3, total_steps=10),
        Steered(step=3, settings={"lr": 0.01}, who="me@h"),
    ):
        stage.writer.write(event)
    stage.steps(4, 5)

    async def scene(app, pilot):
        await press(pilot, "end", "5")
        await until(pilot, lambda: "attempt 2 went on after step 3; the one before: paused by me" in screen_text(app))
        assert "lr=0.01 from step 4 on, by me@h" in screen_text(app)
        await press(pilot, "up")
        await until(pilot, lambda: "went on after" not in screen_text(app))

    with_sweep(tmp_path / "logs", scene, size=(100, 40))


@pytest.mark.parametrize(("planned", "offers"), [(3, False), (4, True)])
def test_a_sweep_that_was_stopped_after_all_of_it_was_done_has_nothing_to_take_up(tmp_path, planned, offers):
    recorder = Recorder(tmp_path / "logs", trials=planned)
    for number in range(3):
        recorder.trial(number, [0.5])
    recorder.end("stopped", "stopped by me@here")

    async def scene(app, pilot):
        await until(pilot, lambda: "t002" in screen_text(app))
        assert ("take_up" in offered(app)) == offers

    with_sweep(tmp_path / "logs", scene)


def test_a_sweep_that_was_stopped_is_taken_up_again_or_says_why_not(stage, tmp_path, monkeypatch):
    stage.recorder.end("stopped", "stopped by me@here")
    stage.indexer.sync()
    asked = []

    def spawn(arguments, command):
        asked.append(arguments)
        raise NotStartedError("exp001: another process runs it", 2)

    monkeypatch.setattr("cockpit.tui.app.spawn_detached", spawn)

    async def scene(app, pilot):
        await until(pilot, lambda: "take_up" in offered(app))
        await press(pilot, "R")
        assert "go on with exp001? what had finished stays as it is" in screen_text(app)
        await press(pilot, "y")
        await until(pilot, lambda: "exp001 did not start: exp001: another process runs it" in screen_text(app))
        assert asked == [["--resume", "exp001", "--logs", str(tmp_path / "logs")]]

    with_sweep(tmp_path / "logs", scene)
