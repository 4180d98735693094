"""The line in which a filter is typed: what it tells, what it shows, what it remembers."""

from textual.app import App
from textual.widgets import Input
from tui_stage import play

from cockpit.tui.widgets.filter_bar import FilterBar


class BarApp(App):
    def __init__(self):
        super().__init__()
        self.heard = []

    def compose(self):
        yield FilterBar()

    def on_filter_bar_changed(self, event):
        self.heard.append(("changed", event.text))

    def on_filter_bar_accepted(self, event):
        self.heard.append(("accepted", event.text))

    def on_filter_bar_dismissed(self, event):
        self.heard.append(("dismissed",))


def run(check, width=80):
    async def main():
        app = BarApp()
        async with app.run_test(size=(width, 6)) as pilot:
            await check(app, app.query_one(FilterBar), pilot)

    play(main())


def line(app):
    return app.screen._compositor.render_strips()[0].text


def test_it_is_hidden_until_it_is_opened():
    async def check(app, bar, pilot):
        assert not bar.display
        bar.open("lr>1")
        await pilot.pause()
        assert line(app).startswith("/ lr>1")
        assert isinstance(app.focused, Input)
        assert app.heard == []
        bar.close()
        await pilot.pause()
        assert "lr>1" not in line(app)

    run(check)


def test_every_change_is_told_then_acceptance_or_dismissal():
    async def check(app, bar, pilot):
        bar.open("a")
        await pilot.press("b", "backspace", "enter")
        assert app.heard == [("changed", "ab"), ("changed", "a"), ("accepted", "a")]
        assert bar.display
        app.heard.clear()
        await pilot.press("x", "escape")
        assert app.heard == [("changed", "ax"), ("dismissed",)]

    run(check)


def test_an_error_stands_at_the_right_and_leaves_the_keyboard():
    async def check(app, bar, pilot):
        bar.open("")
        bar.error = "unknown field [b]loss[/] \x1b[31m(did you mean lr?)"
        await pilot.pause()
        assert line(app).rstrip().endswith("unknown field [b]loss[/] (did you mean lr?)")
        await pilot.press("z")
        assert bar.text == "z"
        red = bar.query_one(".filter-bar--error").styles.color
        bar.is_mild = True
        await pilot.pause()
        assert bar.query_one(".filter-bar--error").styles.color != red
        bar.error = ""
        await pilot.pause()
        assert line(app).rstrip() == "/ z"

    run(check)


def test_a_long_error_leaves_room_to_type():
    async def check(app, bar, pilot):
        bar.open("lr>1e-5")
        bar.error = "unknown field " + "x" * 80
        await pilot.pause()
        assert "lr>1e-5" in line(app)
        assert "…" in line(app)

    run(check, width=50)


def test_closing_takes_the_error_away():
    async def check(app, bar, pilot):
        bar.open("a")
        bar.error = "wrong"
        bar.close()
        bar.open("b")
        await pilot.pause()
        assert line(app).rstrip() == "/ b"

    run(check)


def test_up_and_down_bring_back_what_was_entered():
    async def check(app, bar, pilot):
        for text in ("first", "second", "first", ""):
            bar.open(text)
            await pilot.press("enter")
        bar.open("new")
        app.heard.clear()
        await pilot.press("up")
        assert bar.text == "first"
        await pilot.press("up")
        assert bar.text == "second"
        await pilot.press("up")
        assert bar.text == "second"
        await pilot.press("down", "down")
        assert bar.text == "new"
        await pilot.press("down")
        assert app.heard == [("changed", text) for text in ("first", "second", "first", "new")]
        await pilot.press("up", "x")
        assert bar.text == "firstx"

    run(check)
