"""The screen of one trial: pages of charts, tabs, and acting on it while it runs."""

import pytest
from builders import Recorder, every_kind
from tui_stage import Stage, cockpit, hear, play, press, screen_text, until

from cockpit.events.kinds import Built, Eval, Norms, Note, Step
from cockpit.store.indexer import Indexer
from cockpit.tui.screens.devices import DevicesScreen
from cockpit.tui.screens.diary import DiaryScreen
from cockpit.tui.widgets.chart import Chart
from cockpit.tui.widgets.trial_tabs import TrialTabs

SMALL, LARGE = (80, 24), (200, 60)
METRICS = 20


@pytest.fixture
def stage(tmp_path):
    """t000 finished, t001 pruned, t002 runs."""
    made = Stage(tmp_path / "logs")
    yield made
    made.indexer.close()


@pytest.fixture
def many(tmp_path):
    """One trial with twenty metrics and no norms."""
    recorder = Recorder(tmp_path / "logs")
    writer = recorder.start(0)
    for step in range(1, 4):
        writer.write(Step(step=step, metrics={f"metric{number:02d}": float(step) for number in range(METRICS)}))
    recorder.finish(0, writer)
    return recorder.end()


def with_trial(logs, scene, trial="t002", size=LARGE):
    async def scenario():
        async with cockpit(logs, target=("exp001-hill", trial), size=size) as (app, pilot):
            await until(pilot, lambda: any(chart._lines for chart in seen(app)))
            await scene(app, pilot)

    play(scenario())


def seen(app):
    return list(app.screen.charts()) if app.screen.is_mounted and app.screen.place == "trial" else []


def titles(app):
    return [chart.title for chart in seen(app)]


def header(app):
    return screen_text(app).splitlines()[0]


def footer(app):
    return screen_text(app).splitlines()[-1]


def drawn_steps(app):
    """The steps of the first chart's lines."""
    return [line.curve.steps.tolist() for line in seen(app)[0]._lines]


def test_one_glance_says_how_it_is_doing(stage, tmp_path):
    async def scene(app, pilot):
        await until(pilot, lambda: "3/10" in header(app))
        assert "exp001/t002  ● running" in header(app)
        assert "left" in header(app)
        stage.writer.write(Eval(step=3, metrics={"score": 0.95}))
        stage.indexer.sync()
        await until(pilot, lambda: "best 0.9500 (+0.7500)" in header(app))

    with_trial(tmp_path / "logs", scene)


def test_it_says_why_it_ended(stage, tmp_path):
    async def scene(app, pilot):
        await until(pilot, lambda: "✂ pruned" in header(app))
        assert screen_text(app).splitlines()[1].strip() == "asha rung 1: 0.7 < 0.8"
        assert "4.0s" in header(app)

    with_trial(tmp_path / "logs", scene, trial="t001")


def test_the_baseline_is_known_by_its_sign(stage, tmp_path):
    async def scene(app, pilot):
        assert "exp001/t000 ◆" in header(app)
        assert "best 0.2000  " in header(app)

    with_trial(tmp_path / "logs", scene, trial="t000")


@pytest.mark.parametrize(("size", "charts"), [(SMALL, 4), (LARGE, METRICS)])
def test_as_many_charts_stand_on_a_page_as_read_well(many, tmp_path, size, charts):
    async def scene(app, pilot):
        await until(pilot, lambda: len(titles(app)) == charts and all(chart._lines for chart in seen(app)))
        assert titles(app) == [f"metric{number:02d}" for number in range(charts)]
        await until(pilot, lambda: all(chart.size.width >= 24 and chart.size.height >= 7 for chart in seen(app)))

    with_trial(tmp_path / "logs", scene, trial="t000", size=size)


def test_pages_turn_and_only_what_is_seen_is_read(many, tmp_path):
    async def scene(app, pilot):
        await until(pilot, lambda: "charts 1–4 of 20" in screen_text(app))
        await press(pilot, "pageup")
        assert titles(app)[0] == "metric00"
        await press(pilot, "pagedown")
        await until(pilot, lambda: all(chart._lines for chart in seen(app)) and titles(app)[0] == "metric04")
        assert "charts 5–8 of 20" in screen_text(app)
        names = {key.metric.name for key in app.snapshot.curves}
        assert names == {"metric04", "metric05", "metric06", "metric07"}
        await press(pilot, *["pagedown"] * 6)
        await until(pilot, lambda: "charts 17–20 of 20" in screen_text(app))
        await press(pilot, "pageup")
        await until(pilot, lambda: titles(app)[0] == "metric12")

    with_trial(tmp_path / "logs", scene, trial="t000", size=SMALL)


def test_a_page_can_hold_more_charts_or_fewer(many, tmp_path):
    async def scene(app, pilot):
        await press(pilot, "g")
        await until(pilot, lambda: len(titles(app)) == 6 and all(chart._lines for chart in seen(app)))
        await press(pilot, "G", "G", "G", "G", "G", "G")
        await until(pilot, lambda: titles(app) == ["metric00"])
        assert seen(app)[0].size.width >= 78
        await press(pilot, "pagedown", "pagedown", "pagedown", "pagedown", "pagedown", "g")
        await until(pilot, lambda: titles(app) == ["metric04", "metric05"])

    with_trial(tmp_path / "logs", scene, trial="t000", size=SMALL)


def test_what_cannot_be_done_is_not_offered(many, tmp_path):
    async def scene(app, pilot):
        names = {action.name for action, _ in app.screen.actions_now()}
        assert names.isdisjoint({"next_page", "previous_page", "more_charts", "next_trial", "previous_trial", "stop"})
        assert {"fewer_charts", "zoom_in", "note", "diary", "tab('steps')"} <= names
        await press(pilot, "pagedown", "g", "right_square_bracket", "s", "p")
        assert len(titles(app)) == METRICS

    with_trial(tmp_path / "logs", scene, trial="t000")


def test_the_next_trial_is_a_key_away(stage, tmp_path):
    async def scene(app, pilot):
        await press(pilot, "right_square_bracket")
        await until(pilot, lambda: "exp001/t001" in header(app))
        await until(pilot, lambda: drawn_steps(app) and set(drawn_steps(app)[0]) == {1})
        await press(pilot, "right_square_bracket")
        await until(pilot, lambda: "exp001/t002" in header(app))
        await press(pilot, "right_square_bracket", "left_square_bracket")
        await until(pilot, lambda: "exp001/t001" in header(app))

    with_trial(tmp_path / "logs", scene, trial="t000")


def test_curves_and_steps_follow_what_comes(stage, tmp_path):
    async def scene(app, pilot):
        stage.steps(4, 9)
        await until(pilot, lambda: "9/10" in header(app))
        await until(pilot, lambda: drawn_steps(app)[0][-1] == 9)

    with_trial(tmp_path / "logs", scene)


def test_a_metric_that_comes_later_gets_its_chart(stage, tmp_path):
    async def scene(app, pilot):
        assert "score" not in titles(app)
        stage.writer.write(Eval(step=3, metrics={"score": 0.95, "loss": 0.3}))
        stage.indexer.sync()
        await until(pilot, lambda: titles(app)[:2] == ["loss", "score"])
        await until(pilot, lambda: {line.label for line in seen(app)[0]._lines} == {"train", "valid"})

    with_trial(tmp_path / "logs", scene)


def test_norms_are_charts_too(stage, tmp_path):
    async def scene(app, pilot):
        await until(pilot, lambda: titles(app)[-3:] == ["gradient norm", "parameter norm", "update Δw/w"])
        chart = seen(app)[-3]
        await until(pilot, lambda: {line.label for line in chart._lines} == {"body", "head"})
        assert chart._lines[0].curve.mean.tolist() == [1.0, 1.0, 1.0]
        stage.writer.write(Norms(step=4, group="body", grad_mean=9.0))
        stage.indexer.sync()
        await until(pilot, lambda: chart._lines[0].curve.mean.tolist()[-1] == 9.0)

    with_trial(tmp_path / "logs", scene)


def test_the_norms_of_many_layers_scroll_and_say_what_is_dead(stage, tmp_path):
    names = [f"encoder.layers.{number:02d}.attention.output.dense" for number in range(40)]
    for step in range(4, 8):
        for name in names:
            dead = {"zero": 1, "names": {"zero": [f"{name}.bias"]}} if name == names[7] else {}
            stage.writer.write(Norms(step=step, group=name, grad_mean=0.5, grad_max=1.0, update_ratio=1e-3, **dead))
    stage.indexer.sync()

    async def scene(app, pilot):
        await press(pilot, "2")
        await until(pilot, lambda: "⚠ enco.laye.07.atte.outp.dense: no gradient reaches" in screen_text(app))
        await until(pilot, lambda: "enc.laye.39.atte.outp.dens" in screen_text(app))
        top = screen_text(app)
        await press(pilot, "pagedown", "pagedown")
        await until(pilot, lambda: screen_text(app) != top)
        assert max(map(len, screen_text(app).splitlines())) <= 80

    with_trial(tmp_path / "logs", scene, size=SMALL)


def test_all_charts_zoom_pan_and_point_together(stage, tmp_path):
    async def scene(app, pilot):
        stage.steps(4, 40)
        await until(pilot, lambda: drawn_steps(app)[0][-1] == 40)
        await press(pilot, "z", "z")
        await until(pilot, lambda: app.screen.window is not None)
        await until(pilot, lambda: len({chart.window for chart in seen(app)}) == 1)
        closer = app.screen.window
        await until(pilot, lambda: app.snapshot.interest.window == closer)
        await press(pilot, "less_than_sign")
        await until(pilot, lambda: app.screen.window[0] < closer[0])
        await press(pilot, "greater_than_sign")
        await until(pilot, lambda: app.screen.window[0] == closer[0])
        await press(pilot, "Z", "0")
        await until(pilot, lambda: {chart.window for chart in seen(app)} == {(None, None)})
        await press(pilot, "comma", "comma", "full_stop")
        await until(pilot, lambda: len({chart.cursor_step for chart in seen(app)}) == 1)
        assert seen(app)[0].cursor_step is not None
        await press(pilot, "escape")
        await until(pilot, lambda: {chart.cursor_step for chart in seen(app)} == {None})

    with_trial(tmp_path / "logs", scene)


def test_a_page_that_is_turned_to_looks_at_the_same_steps(many, tmp_path):
    async def scene(app, pilot):
        await press(pilot, "z", "pagedown")
        await until(pilot, lambda: titles(app)[0] == "metric04")
        await until(pilot, lambda: {chart.window for chart in seen(app)} == {app.screen._looked_at})
        assert app.screen.window is None or app.screen.window[0] >= 1

    with_trial(tmp_path / "logs", scene, trial="t000", size=SMALL)


def test_all_charts_are_smoothed_and_logarithmic_together(stage, tmp_path):
    async def scene(app, pilot):
        await press(pilot, "l", "w")
        assert {(chart.log_scale, chart.smoothing) for chart in seen(app)} == {(True, 0.6)}
        await press(pilot, "l", "w", "w", "w")
        assert {(chart.log_scale, chart.smoothing) for chart in seen(app)} == {(False, 0.0)}

    with_trial(tmp_path / "logs", scene)


@pytest.mark.parametrize("size", [SMALL, LARGE])
def test_each_tab_shows_what_it_is_for(stage, tmp_path, size):
    stage.recorder.run.trial("t002").output.write_text("hello from t002\n\x1b[31m[/bold]\x1b[0m\n")
    told = {
        "1": ("phase", "train"),
        "2": ("|g| mean", "body", "head"),
        "3": ("hello from t002", "[/bold]"),
        "5": ("baseline", "x ≠"),
    }

    async def scene(app, pilot):
        for key, words in told.items():
            await press(pilot, key)
            await until(pilot, lambda words=words: all(word in screen_text(app) for word in words))
            assert seen(app)[0].size.height >= 7

    with_trial(tmp_path / "logs", scene, size=size)


def test_the_tab_of_parameters_draws_the_scores_of_all_trials(stage, tmp_path):
    async def scene(app, pilot):
        await press(pilot, "4")
        await until(pilot, lambda: "score / x" in screen_text(app))

    with_trial(tmp_path / "logs", scene)


def test_tabs_unfold_and_fold_again(stage, tmp_path):
    async def scene(app, pilot):
        tabs = app.screen.query_one(TrialTabs)
        assert tabs.size.height == 1
        before = seen(app)[0].size.height
        await press(pilot, "1")
        await until(pilot, lambda: tabs.size.height == 10)
        await press(pilot, "escape")
        await until(pilot, lambda: tabs.size.height == 1 and seen(app)[0].size.height == before)
        assert app.screen.place == "trial"
        await press(pilot, "2", "6")
        await until(pilot, lambda: tabs.size.height == 1)

    with_trial(tmp_path / "logs", scene, size=SMALL)


def test_a_tab_that_is_opened_by_its_key_has_the_keyboard(stage, tmp_path):
    async def scene(app, pilot):
        assert "grid" in footer(app)
        await press(pilot, "1")
        await until(pilot, lambda: "following" in screen_text(app))
        await until(pilot, lambda: app.snapshot.focus and app.snapshot.focus.steps)  # rows to go down to
        await press(pilot, "down")
        await until(pilot, lambda: "following again at the first row" in screen_text(app))
        assert "grid" not in footer(app)  # G and g go to the last and the first row here

    with_trial(tmp_path / "logs", scene, size=SMALL)


def test_a_long_warning_has_two_lines_and_the_tab_line_room_for_its_tabs(stage, tmp_path):
    names = tuple(f"encoder.layers.{number}.weight" for number in range(5))
    for step in range(4, 8):
        stage.writer.write(Norms(step=step, group="body", grad_mean=1.0, grad_max=2.0, zero=5, names={"zero": names}))
    stage.indexer.sync()

    async def scene(app, pilot):
        await press(pilot, "2")
        await until(pilot, lambda: "no gradient reaches" in screen_text(app))
        lines = screen_text(app).splitlines()
        at = next(number for number, line in enumerate(lines) if "no gradient reaches" in line)
        assert "5 Config" in lines[at - 1] and lines[at - 1].rstrip().endswith("1 alert")
        assert lines[at + 1].rstrip().endswith("…") and "step" in lines[at + 2]

    with_trial(tmp_path / "logs", scene, size=SMALL)


def test_what_is_not_trained_is_told_above_the_norms_where_nothing_is_wrong(stage, tmp_path):
    stage.writer.write(Built(frozen={"tensors": 7, "of": 12, "names": ["base.weight"]}))
    stage.steps(4, 5)

    async def scene(app, pilot):
        await press(pilot, "2")
        await until(pilot, lambda: "7 of 12 tensors are not trained: base.weight and 6 more" in screen_text(app))

    with_trial(tmp_path / "logs", scene, size=SMALL)


def test_so_is_what_a_script_notes_while_it_is_watched(stage, tmp_path):
    stage.steps(4, 5)

    async def scene(app, pilot):
        await press(pilot, "2")
        await until(pilot, lambda: "|g| mean" in screen_text(app))
        stage.writer.write(Note(text="…", frozen={"tensors": 7, "of": 12, "names": ["base.weight"]}))
        stage.indexer.sync()
        await until(pilot, lambda: "7 of 12 tensors are not trained: base.weight and 6 more" in screen_text(app))

    with_trial(tmp_path / "logs", scene, size=SMALL)


def test_a_click_on_a_tab_opens_it(stage, tmp_path):
    async def scene(app, pilot):
        await pilot.click("TabLine", offset=(14, 0))
        await until(pilot, lambda: "|g| mean" in screen_text(app))

    with_trial(tmp_path / "logs", scene, size=SMALL)


def test_commands_act_on_this_trial(stage, tmp_path):
    async def scene(app, pilot):
        for key, name in (("s", "stop"), ("K", "kill"), ("p", "pause")):
            await press(pilot, key)
            assert "t002" in footer(app)
            await press(pilot, "y")
            command = await hear(pilot, stage)
            assert (command.name, command.trial) == (name, "t002")
            stage.answer(command, "refused", "not supported by this engine")
            said = f"{name} t002: not supported by this engine"
            await until(pilot, lambda said=said: said in footer(app))

    with_trial(tmp_path / "logs", scene)


def test_adding_a_trial_like_this_one_and_changing_a_value(stage, tmp_path):
    async def scene(app, pilot):
        await press(pilot, "a")
        await until(pilot, lambda: "x=0.7 lr=0.0001" in footer(app))
        await press(pilot, "backspace", "5", "enter")
        command = await hear(pilot, stage)
        assert (command.name, dict(command.settings)) == ("add", {"x": 0.7, "lr": 0.0005})
        stage.answer(command, "done", "t003 waits")
        await press(pilot, "e", "ctrl+u", *"lr=3e-3", "enter")
        command = await hear(pilot, stage)
        assert (command.name, command.trial, dict(command.settings)) == ("set", "t002", {"lr": 0.003})

    with_trial(tmp_path / "logs", scene)


def test_other_screens_are_a_key_away(stage, tmp_path):
    async def scene(app, pilot):
        for key, screen in (("v", DevicesScreen), ("n", DiaryScreen), ("d", DiaryScreen)):
            await press(pilot, key)
            await until(pilot, lambda screen=screen: isinstance(app.screen, screen))
            while app.screen.place != "trial":
                await press(pilot, "escape")

    with_trial(tmp_path / "logs", scene)


def test_back_leads_to_the_sweep_and_from_there_to_the_list(stage, tmp_path):
    async def scene(app, pilot):
        await press(pilot, "escape")
        await until(pilot, lambda: app.screen.place == "sweep" and "t001" in screen_text(app))
        await press(pilot, "escape")
        await until(pilot, lambda: app.screen.place == "home" and "exp001" in screen_text(app))

    with_trial(tmp_path / "logs", scene)


def test_values_that_are_no_numbers_and_all_kinds_of_events_are_shown(tmp_path):
    run = every_kind(tmp_path / "logs")
    with Indexer(run) as indexer:
        indexer.sync()

    async def scene(app, pilot):
        await until(pilot, lambda: titles(app)[:2] == ["loss", "score"])
        assert "✂ pruned" in header(app)

    with_trial(tmp_path / "logs", scene, trial="t001")


def test_a_trial_that_has_not_begun_says_so(tmp_path):
    recorder = Recorder(tmp_path / "logs")
    recorder.start(0)

    async def scenario():
        async with cockpit(tmp_path / "logs", target=("exp001-hill", "t000")) as (app, pilot):
            await until(pilot, lambda: "no charts yet" in screen_text(app) and "running" in header(app))
            await press(pilot, "pagedown", "g", "G", "z", "comma", "1")
            await until(pilot, lambda: "no steps yet" in screen_text(app))

    play(scenario())


def test_a_trial_that_is_not_there_is_said_to_be_missing(stage, tmp_path):
    async def scenario():
        async with cockpit(tmp_path / "logs", target=("exp001-hill", "t077")) as (app, pilot):
            await until(pilot, lambda: "exp001/t077  is not there" in header(app))

    play(scenario())


def test_every_size_can_be_drawn(stage, tmp_path):
    async def scene(app, pilot):
        for size in ((100, 34), (160, 45), LARGE, (30, 8), (120, 40)):
            await pilot.resize_terminal(*size)
            await until(pilot, lambda height=size[1]: len(screen_text(app).splitlines()) == height)
        await until(pilot, lambda: len(seen(app)) == 5)

    with_trial(tmp_path / "logs", scene, size=SMALL)


def test_charts_are_drawn_with_ascii_where_nothing_else_can_be_shown(stage, tmp_path):
    async def scenario():
        async with cockpit(tmp_path / "logs", ("exp001-hill", "t002"), size=SMALL, ascii=True) as (app, pilot):
            await until(pilot, lambda: any(chart._lines for chart in seen(app)))
            await press(pilot, "g")
            await until(pilot, lambda: len(seen(app)) == 5)
            assert all(chart.ascii for chart in app.screen.query(Chart))

    play(scenario())
