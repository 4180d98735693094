"""The first line, the last line and the border titles of every screen."""

import pytest
from rich.text import Text
from textual.app import App
from textual.widgets import Static
from tui_stage import play

from cockpit.tui.widgets.borders import retitle
from cockpit.tui.widgets.bottom_line import BottomLine, Hint, hints_line
from cockpit.tui.widgets.top_line import beside

HINTS = (Hint("s", "stop", 50), Hint("n", "new sweep", 80), Hint("?", "help", 90))


@pytest.mark.parametrize(
    ("width", "shown"),
    [(40, "s stop  n new sweep  ? help"), (20, "n new sweep  ? help"), (7, "? help"), (3, ""), (0, "")],
)
def test_the_weightiest_hints_are_kept_in_their_order(width, shown):
    assert hints_line(HINTS, width, "").plain == shown


@pytest.mark.parametrize("width", [60, 30, 22, 12])
def test_words_at_both_ends_fill_the_line(width):
    line = beside(Text("exp001 arcface"), Text("disk 9G"), width)
    assert line.cell_len == width
    assert line.plain.startswith("exp")


class Stage(App):
    """A last line, and a widget with a border."""

    def compose(self):
        yield Static("x")
        yield BottomLine()


def with_stage(scene):
    async def scenario():
        app = Stage()
        async with app.run_test(size=(60, 5)) as pilot:
            await scene(app, pilot, app.query_one(BottomLine))

    play(scenario())


@pytest.mark.parametrize("title", ["", "plain", "a [b]x[/b] [/c] lr>1", "\x1b[31mred\nline", "✅ 漢字"])
def test_a_title_is_taken_as_it_is_and_set_once(title):
    async def scene(app, pilot, line):
        widget = app.query_one(Static)
        retitle(widget, title, title)
        drawn = []
        widget.refresh = lambda *_, **__: drawn.append(1)
        retitle(widget, title, title)
        assert drawn == []
        del widget.refresh
        retitle(widget, "another")
        assert widget.border_title == "another"

    with_stage(scene)


@pytest.mark.parametrize(
    ("key", "answered"), [("y", True), ("enter", True), ("escape", False), ("n", False), ("q", False)]
)
def test_a_question_takes_one_key_and_gives_the_keyboard_back(key, answered):
    async def scene(app, pilot, line):
        answers = []
        line.ask("stop t003?", lambda: answers.append(True))
        assert line.is_asking
        await pilot.press(key)
        assert bool(answers) == answered
        assert not line.is_asking
        assert app.focused is None

    with_stage(scene)


def test_a_field_hands_over_what_was_typed_even_at_once():
    async def scene(app, pilot, line):
        texts = []
        line.prompt("lr:", "1e", texts.append)
        await pilot.press("-", "3", "enter")
        assert texts == ["1e-3"]
        line.prompt("lr:", "", texts.append)
        assert line.leave()
        assert not line.leave()
        assert texts == ["1e-3"]

    with_stage(scene)


def test_a_notice_stays_until_another_is_said():
    async def scene(app, pilot, line):
        line.hint(HINTS)
        line.notice("on its way [/bold]", seconds=None)
        assert "on its way [/bold]" in line.query_one("_Question").render().plain
        line.clear_notice()
        assert "stop" in line.query_one("_Question").render().plain

    with_stage(scene)
