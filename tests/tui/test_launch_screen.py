"""The Launch screen: choose a search, change it, see what is wrong and where, start it once."""

import re
from types import SimpleNamespace

import pytest
from builders import Recorder
from test_launch_draft import HEAD, HILL
from tui_stage import cockpit, play, screen_text, until

from cockpit.engine.spawn import NotStartedError
from cockpit.search.reader import load
from cockpit.store.summary import write_summary
from cockpit.tui import app as app_module
from cockpit.tui.launch import plan_check
from cockpit.tui.screens.home import HomeScreen
from cockpit.tui.screens.launch import LaunchScreen
from cockpit.tui.screens.sweep import SweepScreen
from cockpit.tui.widgets.line_input import LineInput
from cockpit.tui.widgets.option_field import ChoiceInput
from cockpit.tui.widgets.space_table import SpaceTable

CONFIGS = [{"x": 0.0, "lr": 0.001, "batch": 32}, {"x": 0.75, "lr": 0.002, "batch": 64}]
DOCUMENT = {"trials": 6, "resources": {"concurrent": 2}, "first_configs": CONFIGS}


class Checker:
    """Stands for the processes that check: answers at once, with a plan or with what `complaint` says of a command."""

    def __init__(self):
        self.asked = []
        self.complaint = lambda arguments: ""
        self.is_slow = False

    def ask(self, arguments):
        self.asked.append(arguments)
        error = self.complaint(arguments)
        answer = None if error or self.is_slow else DOCUMENT
        return SimpleNamespace(result=lambda: answer, error=error, close=lambda: None)


class Starter:
    """Stands for detached sweeps: says that they run, or refuses."""

    def __init__(self, logs):
        self.started, self.refusal, self._logs = [], "", logs

    def spawn(self, arguments, command="sweep"):
        self.started.append(arguments if command == "sweep" else [command, *arguments])
        if self.refusal:
            raise NotStartedError(self.refusal, 2)
        Recorder(self._logs, "exp001-hill")
        return "exp001-hill", 123


@pytest.fixture
def project(tmp_path, monkeypatch):
    """A folder with three searches of its own, and what stands for other processes."""
    monkeypatch.chdir(tmp_path)
    folder = tmp_path / "searches"
    folder.mkdir()
    (folder / "hill.yaml").write_text(f"# Question: Where is the top?\n{HILL}")
    (folder / "bad.yaml").write_text(f"# What [/b] now?\n{HEAD}parameters: {{x: {{min: 2, max: 1}}}}\n")
    (folder / "slope.yaml").write_text(
        f"# Is it [b]steep[/b]?\n{HEAD}parameters: {{m: {{values: ['[x]', b]}}}}\nrun_cap: 4\n"
    )
    monkeypatch.setattr("cockpit.search.find._folders", lambda cwd: iter([folder]))
    monkeypatch.setattr(plan_check, "STILL_SECONDS", 0.01)
    monkeypatch.setattr(plan_check, "LOOK_SECONDS", 0.01)
    checker, starter = Checker(), Starter(tmp_path / "logs")
    monkeypatch.setattr(plan_check, "ask", checker.ask)
    monkeypatch.setattr(app_module, "spawn_detached", starter.spawn)
    return SimpleNamespace(path=tmp_path, logs=tmp_path / "logs", checker=checker, starter=starter)


def with_launch(project, scene, size=(80, 24), search="hill", **settings):
    """Run a scene on the Launch screen with a search chosen."""

    async def scenario():
        async with cockpit(project.logs, size=size, **settings) as (app, pilot):
            await until(pilot, lambda: isinstance(app.screen, HomeScreen) and app.snapshot)
            app.feed.pause(True)  # a pilot waits for a process that does nothing
            await press(pilot, "n")
            await until(pilot, lambda: isinstance(app.screen, LaunchScreen) and app.screen.desk.choices)
            await until(pilot, lambda: app.screen.desk.chosen)
            app.screen.list.table.move_to(search)
            await until(pilot, lambda: app.screen.desk.chosen == search)
            await pilot.pause()
            await scene(app, pilot)

    play(scenario())


async def press(pilot, *keys):
    """Press keys as fast as they can be dealt with."""
    await pilot.press(*keys)
    await pilot.pause()


async def to_cell(app, pilot, name, cell):
    """Put the keyboard on a cell of the space."""
    app.screen.space.table.focus()
    app.screen.space.table.go_to(name, cell)
    await pilot.pause()


async def to_field(app, pilot, option):
    app.screen.form.field(option).field.focus()
    await pilot.pause()


async def checked(app, pilot):
    await until(pilot, lambda: app.screen.desk.is_checked)
    await pilot.pause()


def test_the_searches_stand_at_the_left_with_their_question_and_esc_leaves(project):
    async def scene(app, pilot):
        assert app.focused is app.screen.list.table
        text = screen_text(app)
        assert all(name in text for name in ("bad", "hill", "slope", "Where is the top?"))
        await press(pilot, "down")
        await until(pilot, lambda: "Is it [b]steep[/b]?" in screen_text(app))
        assert "slope" in screen_text(app).splitlines()[0]
        await press(pilot, "escape")
        await until(pilot, lambda: isinstance(app.screen, HomeScreen))

    with_launch(project, scene, size=(140, 30))


def test_the_plan_and_the_first_configurations_are_shown(project):
    async def scene(app, pilot):
        assert "6 trials × 3 epochs, 2 at once" in screen_text(app)
        await checked(app, pilot)
        lines = screen_text(app).splitlines()
        (heading,) = [number for number, line in enumerate(lines) if "batch" in line and "lr" in line and "x" in line]
        assert "0.75" in lines[heading + 2]
        assert "64" in lines[heading + 2]
        assert "^s starts it" in screen_text(app)
        assert "^s start" in lines[-1]

    with_launch(project, scene)


@pytest.mark.parametrize("size", [(80, 24), (100, 30), (200, 60)])
def test_nothing_is_cut_at_any_size(project, size):
    async def scene(app, pilot):
        await checked(app, pilot)
        text = screen_text(app)
        for words in (
            "distribution",
            "baseline",
            "0.01",
            "16, 32, 64",
            "trials",
            "at once",
            "engine",
            "device",
            "note",
        ):
            assert words in text
        assert "…" not in "".join(line for line in text.splitlines() if "bad" not in line)

    with_launch(project, scene, size)


def test_a_broken_search_stands_there_with_its_error(project):
    async def scene(app, pilot):
        text = screen_text(app)
        assert "✗ bad" in text
        assert "2 is not below max 1; swap" in text
        assert not app.screen.query_one("#draft").display
        await press(pilot, "ctrl+s", "enter", "tab")
        assert project.starter.started == []
        (project.path / "searches" / "bad.yaml").write_text(HILL.replace("hill", "mended"))
        await press(pilot, "ctrl+r")
        await until(pilot, lambda: app.screen.desk.draft is not None)
        assert app.screen.query_one("#draft").display

    with_launch(project, scene, search="bad")


def test_typing_narrows_the_list_and_esc_shows_all(project):
    async def scene(app, pilot):
        await press(pilot, "s", "t", "e")
        assert app.screen.desk.chosen == "slope"
        assert "/ste" in screen_text(app)
        await press(pilot, "q")
        await until(pilot, lambda: "no search is called so" in screen_text(app))
        await press(pilot, "backspace")
        assert app.screen.desk.chosen == "slope"
        await press(pilot, "escape")
        assert isinstance(app.screen, LaunchScreen)
        assert "✗ bad" in screen_text(app)
        assert app.screen.desk.chosen == "slope"

    with_launch(project, scene)


def test_a_value_is_changed_in_place_seen_to_be_wrong_mended_and_started(project):
    async def scene(app, pilot):
        await press(pilot, "enter")
        assert isinstance(app.focused, SpaceTable)
        await press(pilot, "right", "right")
        assert app.focused.cursor == ("x", "max")
        await press(pilot, "enter")
        assert isinstance(app.focused, LineInput)
        assert app.focused.value == "1"
        await press(pilot, "backspace", "-", "5")
        lines = screen_text(app).splitlines()
        (row,) = [number for number, line in enumerate(lines) if "│ x " in line]
        assert "-1 is not below max -5; swap them" in lines[row + 1]
        assert "x min: -1 is not below max -5" in lines[-3]
        assert app.screen.desk.command is None
        await press(pilot, "backspace", "backspace")
        assert app.focused.has_class("-wrong")
        await press(pilot, "2", "enter")
        assert isinstance(app.focused, SpaceTable)
        assert "2*" in screen_text(app)
        assert "hill*" in screen_text(app)
        await checked(app, pilot)
        await press(pilot, "ctrl+s")
        await until(pilot, lambda: isinstance(app.screen, SweepScreen))
        assert app.screen.experiment == "exp001-hill"
        assert len(app.screen_stack) == 2

    with_launch(project, scene)
    ((path, *rest),) = project.starter.started
    assert rest == ["--logs", str(project.logs)]
    assert load(path).space["x"].max == 2.0
    assert str(project.logs / ".drafts" / "hill-") in path


def test_a_cell_is_typed_into_left_and_put_back(project):
    def text(app, name, cell):
        return app.screen.desk.draft.parameter(name).cell(cell)

    async def scene(app, pilot):
        await to_cell(app, pilot, "x", "max")
        await press(pilot, "9")
        assert text(app, "x", "max") == "9"
        await press(pilot, "escape")
        assert text(app, "x", "max") == "1"
        assert isinstance(app.focused, SpaceTable)
        assert not app.screen.desk.changed
        await press(pilot, "7", "tab")
        assert not app.screen.space.is_editing
        assert not app.screen.space.query_one(LineInput).display
        assert text(app, "x", "max") == "7"
        await to_cell(app, pilot, "lr", "min")
        for character in "2e-5":  # as from a paste: all keys are there before the first has been dealt with
            app.simulate_key(character)
        await until(pilot, lambda: text(app, "lr", "min") == "2e-5")
        await press(pilot, "down")
        assert isinstance(app.focused, SpaceTable)
        assert app.focused.cursor == ("batch", "values")

    with_launch(project, scene)


def test_the_distribution_changes_with_space_and_back_with_reset(project):
    async def scene(app, pilot):
        await to_cell(app, pilot, "lr", "distribution")
        await press(pilot, "space")
        assert app.screen.desk.draft.parameter("lr").kind == "q_uniform"
        assert "q uniform*" in screen_text(app)
        await press(pilot, "enter")
        assert app.screen.desk.draft.parameter("lr").kind == "q_log_uniform_values"
        await press(pilot, "ctrl+r")
        await until(pilot, lambda: app.screen.desk.draft.parameter("lr").kind == "log_uniform_values")
        assert not app.screen.desk.changed

    with_launch(project, scene)


def test_a_parameter_is_fixed_freed_added_and_removed(project):
    async def scene(app, pilot):
        await to_cell(app, pilot, "lr", "min")
        assert "f fix" in screen_text(app)
        await press(pilot, "f")
        assert app.screen.desk.draft.search().fixed["lr"] == 0.001
        await pilot.pause()
        assert "f free" in screen_text(app)
        await press(pilot, "f")
        assert not app.screen.desk.changed
        await press(pilot, "plus", *"delay", "equals_sign", *"0.1", "enter")
        assert app.screen.desk.draft.search().fixed["delay"] == 0.1
        assert isinstance(app.focused, SpaceTable)
        assert app.focused.cursor == ("delay", "value")
        await press(pilot, "delete")
        assert not app.screen.desk.changed
        await press(pilot, "plus", *"delay", "enter")
        assert "write it as name=value" in screen_text(app)

    with_launch(project, scene, size=(130, 30))


def test_a_wrong_field_says_so_below_it_and_the_start_goes_there(project):
    async def scene(app, pilot):
        await to_field(app, pilot, "trials")
        await press(pilot, "0")
        lines = screen_text(app).splitlines()
        (row,) = [number for number, line in enumerate(lines) if "trials*" in line]
        assert "0 is below 1" in lines[row + 1]
        assert app.screen.form.field("trials").has_class("-wrong")
        await to_cell(app, pilot, "x", "min")
        await press(pilot, "ctrl+s")
        assert project.starter.started == []
        assert app.focused is app.screen.form.field("trials").field
        await press(pilot, "2")  # what is there is selected, so it is replaced
        assert app.screen.desk.draft.option("trials") == "2"
        assert not app.screen.form.field("trials").has_class("-wrong")
        await press(pilot, "ctrl+s")
        await until(pilot, lambda: isinstance(app.screen, SweepScreen))

    with_launch(project, scene)
    assert project.starter.started == [["hill", "--trials", "2", "--logs", str(project.logs)]]


def test_the_arrows_go_through_the_fields_and_choices_turn(project):
    async def scene(app, pilot):
        await to_field(app, pilot, "trials")
        await press(pilot, "down", "enter", "down")
        assert isinstance(app.focused, ChoiceInput)
        assert app.focused is app.screen.form.field("engine").field
        await press(pilot, "right")
        assert app.screen.desk.draft.option("engine") == "ray"
        assert "engine*" in screen_text(app)
        await press(pilot, "space", "down", "left")
        assert app.screen.desk.draft.changed_options == ("device",)
        assert app.screen.desk.draft.option("device") == "tpu"
        await press(pilot, "up", "up")
        assert app.focused is app.screen.form.field("concurrent").field

    with_launch(project, scene)


def test_a_message_takes_the_lines_that_it_has_and_names_its_field_once(project):
    said = "device cuda is not available: no CUDA card is visible; use --device cpu, or see what `cockpit doctor` finds"
    project.checker.complaint = lambda arguments: said

    def is_followed_by_the_next_field(app):
        lines = screen_text(app).splitlines()
        end = next((place for place, line in enumerate(lines) if "finds " in line), len(lines) - 2)
        return re.search(r"│ (seed|cores) ", lines[end + 1])

    async def scene(app, pilot):
        await until(pilot, lambda: is_followed_by_the_next_field(app))
        assert "device: device" not in screen_text(app)
        for size in ((138, 30), (80, 24), (150, 30), (80, 24)):
            await pilot.resize_terminal(*size)
            await until(pilot, lambda: is_followed_by_the_next_field(app))
            assert "device cuda is not available" in screen_text(app)

    with_launch(project, scene)


def test_what_was_mended_elsewhere_is_checked_again(project):
    project.checker.complaint = lambda arguments: "pictures does not exist: --data needs a folder"

    async def scene(app, pilot):
        await until(pilot, lambda: "pictures does not exist" in screen_text(app))
        project.checker.complaint = lambda arguments: ""
        await press(pilot, "ctrl+s")
        assert app.focused is app.screen.form.field("data").field
        await until(pilot, lambda: app.screen.desk.problem is None)
        await press(pilot, "ctrl+s")
        await until(pilot, lambda: isinstance(app.screen, SweepScreen))

    with_launch(project, scene)


def test_what_the_trainer_says_stands_at_its_cell(project):
    def complaint(arguments):
        return "" if "--epochs" in arguments else "searches/hill.yaml:9: parameters.batch: hill has no such parameter"

    project.checker.complaint = complaint

    async def scene(app, pilot):
        await until(pilot, lambda: "hill has no such parameter" in screen_text(app))
        await press(pilot, "ctrl+s")
        assert app.focused.cursor == ("batch", "distribution")
        assert project.starter.started == []
        await to_field(app, pilot, "epochs")
        await press(pilot, "5")
        await until(pilot, lambda: app.screen.desk.plan is not None)
        assert "hill has no such parameter" not in screen_text(app)

    with_launch(project, scene)
    assert project.checker.asked[-1] == ["sweep", "hill", "--epochs", "5", "--dry-run", "--no-measure", "--json"]


def test_nothing_is_asked_again_while_nothing_changes(project):
    async def scene(app, pilot):
        await checked(app, pilot)
        count = len(project.checker.asked)
        assert app.screen.desk._check._timer is None
        await to_cell(app, pilot, "x", "min")
        await press(pilot, "down", "up", "question_mark", "escape")
        await until(pilot, lambda: isinstance(app.screen, LaunchScreen))
        await app.workers.wait_for_complete()
        await pilot.pause()
        assert len(project.checker.asked) == count

    with_launch(project, scene)


def test_a_long_check_says_that_it_goes_on(project, monkeypatch):
    project.checker.is_slow = True
    monkeypatch.setattr(plan_check, "PATIENCE", 0.0)

    async def scene(app, pilot):
        await until(pilot, lambda: "checking…" in screen_text(app))
        assert "^s starts it" in screen_text(app)

    with_launch(project, scene)


def test_two_presses_start_one_sweep(project):
    async def scene(app, pilot):
        await pilot.press("ctrl+s", "ctrl+s", "ctrl+s")
        await until(pilot, lambda: isinstance(app.screen, SweepScreen))

    with_launch(project, scene)
    assert project.starter.started == [["hill", "--logs", str(project.logs)]]


def test_a_refused_start_is_told_at_its_field_and_can_be_repeated(project):
    project.starter.refusal = "searches/hill.yaml: concurrent: 2 trials at once do not fit on 1 GPUs; at most 1 do"

    async def scene(app, pilot):
        await press(pilot, "ctrl+s")
        await until(pilot, lambda: app.screen.form.field("concurrent").has_class("-wrong"))
        await pilot.pause()
        assert "2 trials at once do not fit on 1 GPUs" in screen_text(app)
        assert app.focused is app.screen.form.field("concurrent").field
        project.starter.refusal = "logs: the disk is [/b] full"
        await press(pilot, "1", "ctrl+s")
        await until(pilot, lambda: "the disk is [/b] full" in screen_text(app).splitlines()[-1])
        assert isinstance(app.screen, LaunchScreen)
        project.starter.refusal = ""
        await press(pilot, "ctrl+s")
        await until(pilot, lambda: isinstance(app.screen, SweepScreen))

    with_launch(project, scene)
    assert project.starter.started[-1] == ["hill", "--concurrent", "1", "--logs", str(project.logs)]


def test_a_start_that_is_done_while_help_is_open_waits_for_its_end(project):
    async def scene(app, pilot):
        app.screen._is_starting = True
        screen = app.screen
        await press(pilot, "f1")
        Recorder(project.logs, "exp001-hill")
        screen._has_started("exp001-hill")
        assert app.screen is not screen
        await press(pilot, "escape")
        await until(pilot, lambda: isinstance(app.screen, SweepScreen))

    with_launch(project, scene)


def test_a_folder_that_cannot_be_written_is_told(project):
    project.logs.parent.joinpath("logs").write_text("no folder")

    async def scene(app, pilot):
        await to_cell(app, pilot, "x", "max")
        await press(pilot, "3", "enter", "ctrl+s")
        await until(pilot, lambda: "the search cannot be written there" in screen_text(app))
        assert project.starter.started == []

    with_launch(project, scene, size=(200, 60))


def test_esc_goes_back_step_by_step_and_asks_before_changes_are_lost(project):
    async def scene(app, pilot):
        await to_cell(app, pilot, "x", "max")
        await press(pilot, "3", "enter", "escape")
        assert app.focused is app.screen.list.table
        await press(pilot, "escape")
        assert "drop the changes to hill?" in screen_text(app)
        await press(pilot, "escape")
        assert isinstance(app.screen, LaunchScreen)
        await press(pilot, "escape", "y")
        await until(pilot, lambda: isinstance(app.screen, HomeScreen))

    with_launch(project, scene)


def test_the_mouse_chooses_edits_turns_and_starts(project):
    async def scene(app, pilot):
        table = app.screen.space.table
        region = table.region
        cell = table._grid.rows[1].cell("max")
        await pilot.click(offset=(region.x + cell.x, region.y + 2))
        assert table.cursor == ("lr", "max")
        await pilot.click(offset=(region.x + cell.x, region.y + 2), times=2)
        await pilot.pause()
        assert isinstance(app.focused, LineInput)
        await press(pilot, "escape")
        await pilot.click(app.screen.form.field("device").field)
        assert app.screen.desk.draft.option("device") == "cpu"
        await checked(app, pilot)
        pane = app.screen.plan_pane.region
        await pilot.click(offset=(pane.x + 4, pane.bottom - 2))
        await until(pilot, lambda: isinstance(app.screen, SweepScreen))

    with_launch(project, scene)
    assert project.starter.started == [["hill", "--device", "cpu", "--logs", str(project.logs)]]


def test_the_pace_of_an_earlier_sweep_tells_the_time(project):
    recorder = Recorder(project.logs, "exp001-hill")
    for trial in range(3):
        recorder.trial(trial, [0.5], baseline=trial == 0)
    write_summary(recorder.end())

    async def scene(app, pilot):
        await until(pilot, lambda: app.snapshot.experiments)
        await until(pilot, lambda: "at the pace of exp001" in screen_text(app))
        assert ", about " in screen_text(app)

    with_launch(project, scene)


def test_a_terminal_of_ascii_gets_ascii(project):
    async def scene(app, pilot):
        await checked(app, pilot)
        text = screen_text(app)
        assert "6 trials x 3 epochs" in text
        assert "! bad" in text
        assert text.isascii()

    with_launch(project, scene, ascii=True)


def test_pasted_escape_sequences_stay_outside(project):
    async def scene(app, pilot):
        await to_field(app, pilot, "note")
        app.focused.value = "a\x1b]52;c;eA==\x07b\nc"
        await pilot.pause()
        assert app.screen.desk.draft.option("note") == "ab c"

    with_launch(project, scene)


def test_the_real_check_of_a_real_search(project, monkeypatch):
    monkeypatch.undo()
    monkeypatch.chdir(project.path)
    monkeypatch.setenv("PYTHONSAFEPATH", "1")

    async def scene(app, pilot):
        await until(pilot, lambda: "toy has no such parameter" in screen_text(app))
        await to_cell(app, pilot, "batch", "distribution")
        await press(pilot, "delete")
        await checked(app, pilot)
        assert app.screen.desk.plan.trials == 6
        assert len(app.screen.desk.plan.configs) == 5

    with_launch(project, scene)
