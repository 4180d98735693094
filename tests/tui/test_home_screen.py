"""The list of experiments: what it shows, and what its keys do."""

import pytest
from builders import Recorder
from tui_stage import cockpit, play, press, screen_text, until

from cockpit.events.kinds import TrialPaused
from cockpit.store.catalogue import experiment_row
from cockpit.store.folder import experiments
from cockpit.store.summary import read_summary, write_summary
from cockpit.tui.glyphs import UNICODE
from cockpit.tui.listing.experiments import ExperimentItem
from cockpit.tui.screens.compare import CompareScreen
from cockpit.tui.screens.devices import DevicesScreen
from cockpit.tui.screens.diary import DiaryScreen
from cockpit.tui.screens.help import HelpScreen
from cockpit.tui.screens.home import HomeScreen
from cockpit.tui.screens.launch import LaunchScreen
from cockpit.tui.screens.sweep import SweepScreen


def finished(logs, number, scores, search="hill", **fields):
    recorder = Recorder(logs, f"exp{number:03d}-{search}", **fields)
    for trial, score in enumerate(scores):
        recorder.trial(trial, [score], baseline=trial == 0)
    run = recorder.end()
    write_summary(run)
    return run


@pytest.fixture
def logs(tmp_path):
    folder = tmp_path / "logs"
    finished(folder, 1, [0.5, 0.75, 0.25], question="Where is the top?")
    finished(folder, 2, [0.5, 0.4], search="slope", question="Is it [bold]steep[/bold]?")
    finished(folder, 3, [0.1], search="valley")
    return folder


def with_home(logs, scene, size=(120, 30)):
    async def scenario():
        async with cockpit(logs, size=size) as (app, pilot):
            await until(pilot, lambda: app.snapshot and app.snapshot.experiments)
            await scene(app, pilot)

    play(scenario())


def keys_of(app):
    return [row.key for row in app.screen.listing.visible_rows]


def test_an_empty_folder_says_what_to_do(tmp_path):
    async def scenario():
        async with cockpit(tmp_path / "logs") as (app, pilot):
            await until(pilot, lambda: "start the demo" in screen_text(app))
            assert "choose a search and start a sweep" in screen_text(app)
            assert "new sweep" in screen_text(app).splitlines()[-1]

    play(scenario())


def test_the_newest_stands_first_and_the_card_tells_more(logs):
    async def scene(app, pilot):
        assert keys_of(app) == ["exp003-valley", "exp002-slope", "exp001-hill"]
        await press(pilot, "end")
        await until(pilot, lambda: "t001" in screen_text(app))
        text = screen_text(app)
        assert "Where is the top?" in text
        assert "best      score 0.7500" in text
        assert "baseline  score 0.5000" in text
        assert "+0.2500" in text

    with_home(logs, scene)


def test_markup_in_a_question_is_shown_as_text(logs):
    async def scene(app, pilot):
        await press(pilot, "down")
        await until(pilot, lambda: "Is it [bold]steep[/bold]?" in screen_text(app))

    with_home(logs, scene)


def test_a_filter_narrows_as_it_is_typed_and_esc_takes_it_back(logs):
    async def scene(app, pilot):
        await press(pilot, "slash", *"best>0.4")
        await until(pilot, lambda: keys_of(app) == ["exp002-slope", "exp001-hill"])
        await press(pilot, "enter", "escape")
        await until(pilot, lambda: len(keys_of(app)) == 3)
        await press(pilot, "slash", *"valley")
        await until(pilot, lambda: keys_of(app) == ["exp003-valley"])
        await press(pilot, "escape")
        await until(pilot, lambda: len(keys_of(app)) == 3)

    with_home(logs, scene)


def test_an_unknown_field_is_said(logs):
    async def scene(app, pilot):
        await press(pilot, "slash", *"bset>0.4", "enter")
        await until(pilot, lambda: "unknown field bset (did you mean best?)" in screen_text(app))
        await press(pilot, "escape")
        assert len(keys_of(app)) == 3

    with_home(logs, scene)


def test_a_filter_that_nothing_matches_says_so(logs):
    async def scene(app, pilot):
        await press(pilot, "slash", *"nothing-like-it", "enter")
        await until(pilot, lambda: "nothing matches nothing-like-it" in screen_text(app))

    with_home(logs, scene)


def test_sorting_and_turning_round(logs):
    async def scene(app, pilot):
        columns = [column.key for column in app.screen.listing.table.visible_columns]
        await press(pilot, *["o"] * (columns.index("best") + 1))
        assert keys_of(app) == ["exp001-hill", "exp002-slope", "exp003-valley"]
        await press(pilot, "r")
        assert keys_of(app) == ["exp003-valley", "exp002-slope", "exp001-hill"]
        await press(pilot, "O")
        assert app.screen.listing.table.sort.column == columns[columns.index("best") - 1]

    with_home(logs, scene)


@pytest.mark.parametrize(
    ("keys", "screen"),
    [
        (("enter",), SweepScreen),
        (("n",), LaunchScreen),
        (("d",), DiaryScreen),
        (("v",), DevicesScreen),
        (("question_mark",), HelpScreen),
        (("space", "down", "space", "c"), CompareScreen),
    ],
)
def test_each_key_opens_its_screen_and_esc_comes_back(logs, keys, screen):
    async def scene(app, pilot):
        await press(pilot, *keys)
        await until(pilot, lambda: isinstance(app.screen, screen))
        await until(pilot, lambda: app.screen.is_mounted)
        await press(pilot, "escape")
        await until(pilot, lambda: isinstance(app.screen, HomeScreen))

    with_home(logs, scene)


def test_esc_at_home_never_leaves(logs):
    async def scene(app, pilot):
        await press(pilot, "escape", "escape")
        assert app.is_running
        assert isinstance(app.screen, HomeScreen)

    with_home(logs, scene)


def test_comparing_needs_two(logs):
    async def scene(app, pilot):
        await press(pilot, "space", "c")
        assert isinstance(app.screen, HomeScreen)
        await press(pilot, "u", "down", "space")
        assert list(app.screen.marked) == ["exp002-slope"]

    with_home(logs, scene)


def test_the_demo_is_started_detached_and_opened(logs, monkeypatch):
    started = []

    def spawn(arguments, command):
        started.append(arguments)
        return finished(logs, 4, [0.3]).name, 1

    monkeypatch.setattr("cockpit.tui.app.spawn_detached", spawn)

    async def scene(app, pilot):
        await press(pilot, "x")
        await until(pilot, lambda: isinstance(app.screen, SweepScreen))
        assert app.screen.experiment == "exp004-hill"
        assert started == [["demo", "--logs", str(logs)]]

    with_home(logs, scene)


def test_a_sweep_that_does_not_start_says_why(logs, monkeypatch):
    from cockpit.engine.spawn import NotStartedError

    def spawn(arguments, command):
        raise NotStartedError("the disk is [/bold] full", 1)

    monkeypatch.setattr("cockpit.tui.app.spawn_detached", spawn)

    async def scene(app, pilot):
        await press(pilot, "x")
        await until(pilot, lambda: "the demo did not start: the disk is [/bold] full" in screen_text(app))
        assert isinstance(app.screen, HomeScreen)

    with_home(logs, scene)


def test_an_experiment_that_comes_while_one_looks_appears(logs):
    async def scene(app, pilot):
        finished(logs, 4, [0.9])
        await until(pilot, lambda: keys_of(app)[0] == "exp004-hill")
        assert app.screen.listing.table.cursor_key == "exp003-valley"

    with_home(logs, scene)


def test_q_leaves_and_names_what_runs_on(logs):
    recorder = Recorder(logs, "exp004-hill", at=1.0)
    recorder.trial(0, [0.5])
    write_summary(recorder.run)

    async def scenario():
        async with cockpit(logs) as (app, pilot):
            await until(pilot, lambda: app.snapshot and app.snapshot.experiments)
            await press(pilot, "q")
            assert "exp004 runs on" in app.farewell

    play(scenario())


@pytest.mark.parametrize("size", [(80, 24), (200, 60), (20, 6), (300, 4)])
def test_every_size_can_be_drawn(logs, size):
    async def scene(app, pilot):
        await pilot.pause()
        lines = screen_text(app).splitlines()
        assert len(lines) == size[1]

    with_home(logs, scene, size=size)


def test_the_palette_speaks_of_what_is_under_the_cursor(logs):
    async def scene(app, pilot):
        await press(pilot, "down", "ctrl+p")
        await until(pilot, lambda: "Open exp002" in screen_text(app))
        await press(pilot, *"open exp002", "enter")
        await until(pilot, lambda: isinstance(app.screen, SweepScreen))
        assert app.screen.experiment == "exp002-slope"

    with_home(logs, scene)


def test_the_help_names_keys_and_actions(logs):
    async def scene(app, pilot):
        await press(pilot, "question_mark")
        await until(pilot, lambda: "home.new_sweep" in screen_text(app))
        assert "One line for each experiment" in screen_text(app)

    with_home(logs, scene, size=(120, 60))


def test_the_users_keys_go_before_ours(logs):
    async def scenario():
        async with cockpit(logs, keys={"home.diary": "y"}) as (app, pilot):
            await until(pilot, lambda: app.snapshot and app.snapshot.experiments)
            assert "y diary" in screen_text(app).splitlines()[-1]
            await press(pilot, "y")
            await until(pilot, lambda: isinstance(app.screen, DiaryScreen))

    play(scenario())


def test_themes_can_be_tried(logs):
    async def scene(app, pilot):
        assert app.theme == "cockpit"
        await press(pilot, "f2")
        assert app.theme == "cockpit-light"
        assert "cockpit-light" in screen_text(app)

    with_home(logs, scene)


def test_an_experiment_that_was_cut_off_goes_on(logs, monkeypatch):
    recorder = Recorder(logs, "exp004-cut", pid=2**22 + 1)
    recorder.start(0)
    recorder.ledger.write(TrialPaused(trial="t000", reason="paused by me@here"))
    write_summary(recorder.run)
    asked = []

    def spawn(arguments, command):
        asked.append(arguments)
        return "exp004-cut", 1

    monkeypatch.setattr("cockpit.tui.app.spawn_detached", spawn)

    async def scene(app, pilot):
        await until(pilot, lambda: "■ interrupted, 1 paused" in screen_text(app))
        await press(pilot, "down")
        assert "go on" not in screen_text(app).splitlines()[-1]  # this one has finished
        await press(pilot, "home", "R", "y")
        await until(pilot, lambda: isinstance(app.screen, SweepScreen))
        assert asked == [["--resume", "exp004", "--logs", str(logs)]]

    with_home(logs, scene)


@pytest.mark.parametrize(("verdict", "told"), [("better", "✓ finished, better"), ("open", "✓ finished")])
def test_a_verdict_that_found_something_stands_beside_the_status(logs, verdict, told):
    run = experiments(logs)[0]
    row = experiment_row(run, {**read_summary(run, 0.0), "verdict": verdict})
    assert ExperimentItem(row, 0.0).cells(UNICODE)[2].text == told
