"""Trials side by side."""

import pytest
from builders import Recorder
from tui_stage import Stage, cockpit, play, press, screen_text, until

from cockpit.events.kinds import Eval
from cockpit.tui.palette import LINE_COLORS
from cockpit.tui.screens.compare import CompareScreen
from cockpit.tui.screens.diary import DiaryScreen
from cockpit.tui.screens.trial import TrialScreen
from cockpit.tui.widgets.chart import Chart

SMALL, LARGE = (80, 24), (200, 60)
HILL = "exp001-hill"


@pytest.fixture
def stage(tmp_path):
    """exp001, which runs."""
    made = Stage(tmp_path / "logs")
    yield made
    made.indexer.close()


@pytest.fixture
def logs(stage, tmp_path):
    """Beside exp001, exp002 has another aim, and exp003 has no value yet."""
    folder = tmp_path / "logs"
    other = Recorder(folder, "exp002-slope", metric="error", goal="minimize", trainer="matching")
    other.trial(0, [0.5], metric="error", config={"x": 0.5}).trial(1, [0.4], metric="error", config={"x": 0.9})
    other.end()
    empty = Recorder(folder, "exp003-empty")
    empty.start(0)
    empty.end()
    return folder


def with_comparison(logs, subjects, scene, size=LARGE):
    async def scenario():
        async with cockpit(logs, size=size) as (app, pilot):
            await app.push_screen(CompareScreen(subjects))
            await pilot.pause()
            await scene(app, pilot)

    play(scenario())


def lines(app):
    return {line.label: line.color for line in app.screen.query_one(Chart)._lines}


def row_with(app, word):
    return next((line for line in screen_text(app).splitlines() if word in line), "")


TWO = [(HILL, "t000"), (HILL, "t001")]


@pytest.mark.parametrize("size", [SMALL, LARGE])
def test_what_differs_is_on_top_and_curves_and_results_below(logs, size):
    async def scene(app, pilot):
        await until(pilot, lambda: lines(app) == {"t000": 0, "t001": 1})
        text = screen_text(app)
        assert "exp001/t000" in text
        assert "0.5" in row_with(app, "x ≠")
        assert "0.6" in row_with(app, "x ≠")
        assert "0.7000" in text
        assert "+0.5000" in text
        assert app.screen.query_one(Chart).title == "score"

    with_comparison(logs, TWO, scene, size=size)


def test_each_trial_wears_the_colour_of_its_curve(logs):
    async def scene(app, pilot):
        await until(pilot, lambda: len(lines(app)) == 2)
        assert dict(app.screen._results._marks) == {"exp001/t000": LINE_COLORS[0], "exp001/t001": LINE_COLORS[1]}

    with_comparison(logs, TWO, scene)


def test_equal_settings_are_below(logs):
    async def scene(app, pilot):
        await until(pilot, lambda: len(lines(app)) == 2)
        rows = {row.name: row.differs for row in app.screen._settings._rows.rows}
        assert rows["metric"] and rows["trainer"] and not rows["engine"] and not rows["x"]
        assert list(rows.values()) == sorted(rows.values(), reverse=True)

    with_comparison(logs, [(HILL, "t000"), ("exp002-slope", "t000")], scene)


def test_an_experiment_stands_for_its_best_trial(logs):
    async def scene(app, pilot):
        await until(pilot, lambda: "exp001/t001" in screen_text(app) and "exp002/t001" in screen_text(app))
        await until(pilot, lambda: "each trial is the best of its experiment" in screen_text(app))
        assert "2 experiments" in screen_text(app).splitlines()[0]

    with_comparison(logs, [(HILL, ""), ("exp002-slope", "")], scene)


def test_different_aims_are_said_and_not_subtracted(logs):
    async def scene(app, pilot):
        await until(
            pilot, lambda: "different aims (exp001 maximizes score, exp002 minimizes error)" in screen_text(app)
        )
        assert [row.over_first for row in app.screen._results._rows.rows] == [None, None]
        await until(pilot, lambda: "minimize error" in screen_text(app))
        await until(pilot, lambda: set(lines(app)) == {"exp001/t001", "exp002/t001"})
        assert app.screen.query_one(Chart).title == "loss"  # what both have

    with_comparison(logs, [(HILL, ""), ("exp002-slope", "")], scene)


def test_a_better_trial_takes_the_place_of_the_best(stage, logs):
    async def scene(app, pilot):
        await until(pilot, lambda: "exp001/t001" in screen_text(app))
        stage.writer.write(Eval(step=4, metrics={"score": 0.99}))
        stage.indexer.sync()
        await until(pilot, lambda: "exp001/t002" in screen_text(app))

    with_comparison(logs, [(HILL, ""), ("exp002-slope", "")], scene)


def test_an_experiment_without_a_value_and_a_trial_that_is_not_there_are_said(logs):
    async def scene(app, pilot):
        await until(pilot, lambda: "exp003: no trial has a value yet" in screen_text(app))
        assert "exp001/t077 is not there" in screen_text(app)
        await until(pilot, lambda: len(lines(app)) == 1)

    with_comparison(logs, [(HILL, "t000"), ("exp003-empty", ""), (HILL, "t077")], scene)


def test_metrics_can_be_changed(logs):
    async def scene(app, pilot):
        chart = app.screen.query_one(Chart)
        await until(pilot, lambda: chart.title == "score")
        await press(pilot, "m")
        await until(pilot, lambda: chart.title == "loss" and len(lines(app)) == 2)
        await press(pilot, "M", "M")
        await until(pilot, lambda: chart.title == "lr")

    with_comparison(logs, TWO, scene)


def test_the_chart_zooms_smooths_and_reads_out(logs):
    async def scene(app, pilot):
        chart = app.screen.query_one(Chart)
        await until(pilot, lambda: chart.title == "score")
        await press(pilot, "m")
        await until(pilot, lambda: len(lines(app)) == 2 and chart.title == "loss")
        await press(pilot, "l", "w", "comma")
        assert (chart.log_scale, chart.smoothing) == (True, 0.6)
        await until(pilot, lambda: chart.cursor_step is not None)
        await press(pilot, "full_stop", "escape")
        await until(pilot, lambda: chart.cursor_step is None)
        await press(pilot, "z", "less_than_sign", "greater_than_sign", "Z", "0")
        await until(pilot, lambda: chart.window == (None, None))
        assert app.screen.place == "compare"

    with_comparison(logs, TWO, scene)


def test_norms_are_summed_up(logs):
    async def scene(app, pilot):
        await until(pilot, lambda: "body 1 ≤ 2 · head 1 ≤ 2" in row_with(app, "▌exp001/t002"))

    with_comparison(logs, [(HILL, "t002"), (HILL, "t000")], scene)


def test_enter_opens_the_trial_under_the_cursor(logs):
    async def scene(app, pilot):
        await until(pilot, lambda: len(lines(app)) == 2)
        await press(pilot, "down", "enter")
        await until(pilot, lambda: isinstance(app.screen, TrialScreen))
        assert app.screen.trial == "t001"
        await press(pilot, "escape")
        await until(pilot, lambda: app.screen.place == "compare")

    with_comparison(logs, TWO, scene)


def test_tab_goes_from_pane_to_pane_and_enter_opens_only_from_the_results(logs):
    async def scene(app, pilot):
        await until(pilot, lambda: len(lines(app)) == 2)
        assert app.screen.focused is app.screen._results
        await press(pilot, "tab")
        assert app.screen.focused is app.screen._settings
        await press(pilot, "shift+tab")
        assert app.screen.focused is app.screen._results

    with_comparison(logs, TWO, scene)


def test_the_diary_is_a_key_away(logs):
    async def scene(app, pilot):
        await press(pilot, "d")
        await until(pilot, lambda: isinstance(app.screen, DiaryScreen))

    with_comparison(logs, TWO, scene)


@pytest.mark.parametrize("subjects", [[], [(HILL, "t000")] * 3])
def test_with_fewer_than_two_it_is_explained_how_to_mark(logs, subjects):
    async def scene(app, pilot):
        assert "Mark two to eight trials of a sweep" in screen_text(app)
        names = {action.name for action, _ in app.screen.actions_now()}
        assert names.isdisjoint({"open", "next_metric", "zoom_in", "log"})
        await press(pilot, "m", "z", "comma", "enter")
        await press(pilot, "escape")
        await until(pilot, lambda: app.screen.place == "home")

    with_comparison(logs, subjects, scene, size=SMALL)


def test_of_more_than_eight_the_first_eight_are_compared(tmp_path):
    recorder = Recorder(tmp_path / "logs")
    for number in range(10):
        recorder.trial(number, [number / 10])
    recorder.end()

    async def scene(app, pilot):
        await until(pilot, lambda: len(lines(app)) == 8)
        await until(pilot, lambda: "10 are marked, the first 8 are compared" in screen_text(app))
        assert len(app.screen._results._rows.rows) == 8

    with_comparison(tmp_path / "logs", [(HILL, f"t{number:03d}") for number in range(10)], scene)


def test_every_size_can_be_drawn(logs):
    async def scene(app, pilot):
        for size in ((100, 34), (160, 45), LARGE, (30, 8), SMALL):
            await pilot.resize_terminal(*size)
            await until(pilot, lambda height=size[1]: len(screen_text(app).splitlines()) == height)
        await until(pilot, lambda: len(lines(app)) == 2 and "0.7000" in screen_text(app))

    with_comparison(logs, TWO, scene, size=SMALL)


def test_it_follows_what_comes(stage, logs):
    async def scene(app, pilot):
        await until(pilot, lambda: "● running" in row_with(app, "▌exp001/t002"))
        stage.writer.write(Eval(step=5, metrics={"score": 0.8}))
        stage.indexer.sync()
        await until(pilot, lambda: "0.8000" in row_with(app, "▌exp001/t002"))

    with_comparison(logs, [(HILL, "t002"), (HILL, "t000")], scene)
