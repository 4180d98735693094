"""The table on a screen: what it draws and what it leaves alone, where cursor and view go, keys and mouse."""

import random

import pytest
from rich.cells import cell_len
from textual.app import App
from textual.events import MouseScrollDown
from tui_stage import play

from cockpit.tui.ordering import Sort
from cockpit.tui.widgets.table import Cell, Column, Table

COLUMNS = (
    Column("id", "id", right=False, priority=9),
    Column("status", "status", right=False, priority=8),
    Column("loss", "loss", priority=7),
    Column("lr", "lr", priority=1),
    Column("why", "why", right=False, priority=6, least=8, grow=True),
)


class Trial:
    def __init__(self, key, loss=0.5, status="running", why=""):
        self.key, self.loss, self.status, self.why = key, loss, status, why
        self.made = 0

    def cells(self):
        self.made += 1
        return (Cell(self.key), Cell(self.status, "$success"), f"{self.loss:.4f}", "1.0e-05", self.why)


class Watched(Table):
    """Remembers which lines of the screen Textual asked for."""

    def __init__(self, **arguments):
        super().__init__(COLUMNS, **arguments)
        self.lines_asked = []

    def render_line(self, y):
        self.lines_asked.append(y)
        return super().render_line(y)

    def put(self, rows, marks=None):
        self.show(rows, key=lambda row: row.key, cells=lambda row: row.cells(), marks=marks)


class TableApp(App):
    CSS = "Table { height: 100%; } #other { height: 0; }"

    def __init__(self):
        super().__init__()
        self.table = Watched(empty_text="no trial yet\nn starts one")
        self.heard = []

    def compose(self):
        yield self.table

    def on_mount(self):
        self.table.focus()

    def on_table_moved(self, event):
        self.heard.append(("moved", event.key))

    def on_table_opened(self, event):
        self.heard.append(("opened", event.key))

    def on_table_heading_pressed(self, event):
        self.heard.append(("heading", event.column))


def trials(*numbers):
    return [Trial(f"t{number:03d}", loss=number / 1000) for number in numbers]


def on_screen(app):
    """The text of every line as the terminal has it."""
    return [strip.text.rstrip() for strip in app.screen._compositor.render_strips()]


def picture(app):
    """The text of every line without the scroll bar, which tells of rows that are not in view."""
    width = app.table.scrollable_content_region.width
    return [strip.crop(0, width).text for strip in app.screen._compositor.render_strips()]


def ids(app):
    return [line.split()[0] for line in on_screen(app)[1:] if line.strip()]


def run(check, rows=(), size=(60, 8)):
    """Run `check(app, pilot)` on an app whose table shows `rows`."""

    async def main():
        app = TableApp()
        async with app.run_test(size=size) as pilot:
            app.table.put(rows)
            await pilot.pause()
            app.heard.clear()
            app.table.lines_asked.clear()
            await check(app, pilot)

    play(main())


async def drawn(app, pilot, rows, **arguments):
    """Which lines of the screen a new snapshot made Textual draw."""
    app.table.lines_asked.clear()
    app.table.put(rows, **arguments)
    await pilot.pause()
    return sorted(set(app.table.lines_asked))


def test_only_visible_rows_are_made():
    rows = trials(*range(10_000))

    async def check(app, pilot):
        assert sum(row.made > 0 for row in rows) < 200
        for row in rows:
            row.made = 0
        app.table.put(rows)
        assert [row.key for row in rows if row.made] == [f"t{number:03d}" for number in range(7)]
        await pilot.press("G")
        assert ids(app)[-1] == "t9999"
        assert sum(row.made > 0 for row in rows) == 14

    run(check, rows)


def test_an_unchanged_snapshot_draws_nothing():
    async def check(app, pilot):
        assert await drawn(app, pilot, trials(*range(50)), marks={"t003": "#ff0000"}) == [4]
        assert await drawn(app, pilot, trials(*range(50)), marks={"t003": "#ff0000"}) == []
        app.table.set_columns(list(COLUMNS))
        app.table.sort = None
        assert await drawn(app, pilot, trials(*range(50)), marks={"t003": "#ff0000"}) == []

    run(check, trials(*range(50)))


def test_only_lines_that_changed_are_drawn():
    async def check(app, pilot):
        rows = trials(*range(50))
        rows[1].loss, rows[5].status, rows[30].loss = 9.0, "failed", 8.0
        assert await drawn(app, pilot, rows) == [2, 6]
        assert "9.0000" in on_screen(app)[2] and "failed" in on_screen(app)[6]
        rows = [*rows, *trials(50, 51)]
        assert await drawn(app, pilot, rows) == []

    run(check, trials(*range(50)))


def test_rows_that_come_above_move_neither_cursor_nor_picture():
    async def check(app, pilot):
        await pilot.press("pagedown", "down", "down")
        before = picture(app)
        app.heard.clear()
        assert await drawn(app, pilot, trials(90, 91, *range(50))) == []
        assert picture(app) == before
        assert app.table.cursor_key == "t009"
        assert app.heard == []

    run(check, trials(*range(50)))


def test_the_top_of_the_table_stays_in_view_while_the_cursor_is_near_it():
    async def check(app, pilot):
        await pilot.press("down")
        await drawn(app, pilot, trials(90, 91, *range(50)))
        assert ids(app)[:3] == ["t090", "t091", "t000"]
        assert app.table.cursor_key == "t001"
        await drawn(app, pilot, trials(*range(100, 110), 90, 91, *range(50)))
        assert "t001" in ids(app) and "t100" not in ids(app)
        assert app.table.cursor_key == "t001"

    run(check, trials(*range(50)))


def test_the_cursor_goes_with_its_row_where_the_order_changes():
    async def check(app, pilot):
        await pilot.press(*["down"] * 20)
        line = on_screen(app).index(next(text for text in on_screen(app) if "t020" in text))
        await drawn(app, pilot, trials(*reversed(range(50))))
        assert app.table.cursor_key == "t020"
        assert "t020" in on_screen(app)[line]
        assert app.heard[-1] == ("moved", "t020")

    run(check, trials(*range(50)))


def test_a_row_that_vanishes_leaves_the_cursor_to_its_neighbour():
    async def check(app, pilot):
        await pilot.press("down", "down")
        app.heard.clear()
        await drawn(app, pilot, trials(0, 1, 3, 4))
        await drawn(app, pilot, trials(0, 1))
        await drawn(app, pilot, [])
        await drawn(app, pilot, [])
        await drawn(app, pilot, trials(7))
        assert app.heard == [("moved", "t003"), ("moved", "t001"), ("moved", None), ("moved", "t007")]

    run(check, trials(*range(50)))


def test_a_view_that_was_scrolled_away_from_the_cursor_stays_where_it_is():
    async def check(app, pilot):
        app.table.scroll_to(y=30, animate=False)
        await pilot.pause()
        before = picture(app)
        assert await drawn(app, pilot, trials(90, *range(50))) == []
        assert picture(app) == before
        assert app.table.cursor_key == "t000"
        await pilot.press("down")
        assert app.table.cursor_key == "t001"
        assert "t001" in ids(app)

    run(check, trials(*range(50)))


@pytest.mark.parametrize(
    ("keys", "key"),
    [
        ("down", "t001"),
        ("j j k", "t001"),
        ("up", "t000"),
        ("pagedown", "t007"),
        ("pagedown pagedown pageup", "t007"),
        ("pageup", "t000"),
        ("end", "t049"),
        ("G", "t049"),
        ("G down", "t049"),
        ("G g", "t000"),
        ("end home", "t000"),
        ("end pageup", "t042"),
        ("end pagedown", "t049"),
    ],
)
def test_keys_move_the_cursor_and_keep_it_in_view(keys, key):
    async def check(app, pilot):
        await pilot.press(*keys.split())
        assert app.table.cursor_key == key
        assert key in ids(app)
        assert app.heard[-1:] == ([("moved", key)] if key != "t000" or len(keys.split()) > 1 else [])

    run(check, trials(*range(50)))


def test_a_page_down_keeps_the_cursor_at_its_place_on_the_screen():
    async def check(app, pilot):
        await pilot.press("down", "down", "pagedown")
        assert ids(app)[0] == "t007"
        assert app.table.cursor_key == "t009"

    run(check, trials(*range(50)))


def test_keys_on_an_empty_table_do_nothing():
    async def check(app, pilot):
        await pilot.press("down", "up", "G", "g", "pagedown", "enter", "left", "right")
        await pilot.click(Table, offset=(5, 4))
        assert app.heard == []
        assert app.table.cursor_key is None
        assert not app.table.move_to("t000")

    run(check)


def test_a_row_can_be_gone_to_by_its_key():
    async def check(app, pilot):
        assert app.table.move_to("t040")
        assert not app.table.move_to("t999")
        await pilot.pause()
        assert app.table.cursor_key == "t040"
        assert ids(app)[-1] == "t040"
        assert app.heard == [("moved", "t040")]

    run(check, trials(*range(50)))


def test_enter_and_a_second_click_open_a_row():
    async def check(app, pilot):
        await pilot.press("down", "enter")
        assert app.heard == [("moved", "t001"), ("opened", "t001")]
        app.heard.clear()
        await pilot.click(Table, offset=(4, 2))
        assert app.heard == []
        await pilot.click(Table, offset=(9, 2))
        assert app.heard == [("opened", "t001")]
        app.heard.clear()
        await pilot.double_click(Table, offset=(4, 5))
        assert app.heard == [("moved", "t004"), ("opened", "t004")]
        app.heard.clear()
        await pilot.press("down", "up")
        await pilot.click(Table, offset=(4, 5))
        assert ("opened", "t004") not in app.heard

    run(check, trials(*range(50)))


def test_clicks_hit_the_rows_of_a_scrolled_table_and_nothing_below_the_last():
    async def check(app, pilot):
        await pilot.press("G")
        await pilot.click(Table, offset=(4, 1))
        assert app.table.cursor_key == "t043"
        await drawn(app, pilot, trials(0, 1))
        app.heard.clear()
        await pilot.click(Table, offset=(4, 6))
        assert app.heard == []

    run(check, trials(*range(50)))


def test_the_wheel_scrolls_and_leaves_the_cursor():
    async def check(app, pilot):
        await pilot._post_mouse_events([MouseScrollDown], widget=Table, offset=(4, 4))
        assert ids(app)[0] != "t000"
        assert app.table.cursor_key == "t000"

    run(check, trials(*range(50)))


def test_a_click_on_a_heading_says_which_column():
    async def check(app, pilot):
        header = on_screen(app)[0]
        for name in ("id", "status", "loss"):
            await pilot.click(Table, offset=(header.index(name) + 1, 0))
        await pilot.click(Table, offset=(0, 0))
        assert app.heard == [("heading", "id"), ("heading", "status"), ("heading", "loss"), ("heading", "id")]

    run(check, trials(*range(50)))


def test_the_heading_shows_the_order():
    async def check(app, pilot):
        app.table.sort = Sort("loss", descending=True)
        await pilot.pause()
        assert "loss▼" in on_screen(app)[0]
        app.table.sort = Sort("loss")
        app.table.ascii = True
        await pilot.pause()
        assert "loss^" in on_screen(app)[0]
        app.table.sort = None
        await pilot.pause()
        assert "^" not in on_screen(app)[0]

    run(check, trials(*range(5)))


def test_what_has_no_room_is_named_and_can_be_shifted_to():
    async def check(app, pilot):
        assert app.table.hidden_columns == ()
        await pilot.resize_terminal(32, 8)
        assert app.table.hidden_columns == ("lr", "why")
        assert [column.key for column in app.table.visible_columns] == ["id", "status", "loss"]
        assert "1.0e-05" not in on_screen(app)[1]
        await pilot.press("right")
        assert app.table.visible_columns[0].key == "id"
        assert "status" in app.table.hidden_columns
        await pilot.press(*["right"] * 9)
        assert "why" not in app.table.hidden_columns
        await pilot.press(*["left"] * 9)
        assert app.table.hidden_columns == ("lr", "why")
        await pilot.resize_terminal(100, 8)
        assert app.table.hidden_columns == ()

    run(check, [Trial("t000", why="asha rung 1: 0.9431 < 0.9508 (4th of 6)")])


def test_other_columns_come_with_the_next_rows_and_keep_the_cursor():
    async def check(app, pilot):
        await pilot.press("end")
        app.table.set_columns(COLUMNS[:2])
        app.table.show(trials(*range(50)), key=lambda row: row.key, cells=lambda row: row.cells()[:2])
        await pilot.pause()
        assert on_screen(app)[0].split() == ["id", "status"]
        assert app.table.cursor_key == "t049"
        assert ids(app)[-1] == "t049"

    run(check, trials(*range(50)))


def test_a_scroll_bar_only_where_it_is_needed():
    async def check(app, pilot):
        assert not app.table.show_vertical_scrollbar
        await drawn(app, pilot, trials(*range(8)))
        assert app.table.show_vertical_scrollbar
        assert not app.table.show_horizontal_scrollbar
        await drawn(app, pilot, trials(*range(7)))
        assert not app.table.show_vertical_scrollbar
        assert ids(app) == [f"t{number:03d}" for number in range(7)]

    run(check, trials(*range(7)))


def test_a_table_of_automatic_height_is_as_high_as_its_rows():
    async def check(app, pilot):
        app.table.styles.height = "auto"
        await drawn(app, pilot, trials(0, 1))
        await pilot.pause()
        assert app.table.size.height == 3
        await drawn(app, pilot, trials(0, 1, 2))
        await pilot.pause()
        assert app.table.size.height == 4
        assert ids(app) == ["t000", "t001", "t002"]

    run(check, trials(0))


def test_an_empty_table_says_what_would_be_there():
    async def check(app, pilot):
        assert [line.strip() for line in on_screen(app)[3:6]] == ["no trial yet", "n starts one", ""]
        app.table.empty_text = "nothing matches lr>1"
        await pilot.pause()
        assert any("nothing matches lr>1" in line for line in on_screen(app))
        await drawn(app, pilot, trials(1))
        assert ids(app) == ["t001"]

    run(check)


def test_text_from_outside_is_text():
    nasty = ["[bold]x[/]", "\x1b]52;c;YQ==\x07y", "[/bold]", "日本語\u202e", "a\nb\tc", "👨‍👩‍👧 z", "e" * 5000]

    async def check(app, pilot):
        lines = on_screen(app)
        assert all("\x1b" not in line and "\x07" not in line and "\u202e" not in line for line in lines)
        assert "[bold]x[/]" in lines[1] and "[/bold]" in lines[3] and "a b c" in lines[5]
        assert {cell_len(line) for line in (strip.text for strip in app.screen._compositor.render_strips())} == {60}
        column = {cell_len(line[: line.index("running")]) for line in lines[1:]}
        assert len(column) == 1

    run(check, [Trial(f"t{number}" + "日" * (number % 3), why=text) for number, text in enumerate(nasty)])


def test_an_id_from_outside_is_safe_as_well():
    async def check(app, pilot):
        assert ids(app) == ["t0[/]", "日本"]

    run(check, [Trial("t0[/]\x1b[31m"), Trial("日本")])


def style_at(app, line, column):
    return next(segment.style for segment in app.screen._compositor.render_strips()[line].crop(column, column + 1))


def cursor_style(app, column=3):
    return style_at(app, 1, column)


def test_the_cursor_is_weaker_where_the_keyboard_is_elsewhere():
    async def check(app, pilot):
        focused = cursor_style(app)
        assert focused.bgcolor == cursor_style(app, 50).bgcolor
        app.screen.set_focus(None)
        await pilot.pause()
        blurred = cursor_style(app)
        plain = style_at(app, 2, 3)
        assert len({focused.bgcolor, blurred.bgcolor, plain.bgcolor}) == 3

    run(check, trials(0, 1))


def test_under_the_cursor_words_have_its_colour_and_marks_their_own():
    async def check(app, pilot):
        await drawn(app, pilot, trials(0, 1), marks={"t000": "#ff0000", "t001": "#ff0000"})
        status = on_screen(app)[1].index("running")
        assert style_at(app, 1, status).color == style_at(app, 1, 2).color
        assert style_at(app, 2, status).color != style_at(app, 2, 2).color
        assert style_at(app, 1, 0).color.name == style_at(app, 2, 0).color.name == "#ff0000"

    run(check, trials(0, 1))


def test_without_colours_the_cursor_can_be_seen(monkeypatch):
    monkeypatch.setenv("NO_COLOR", "1")

    async def check(app, pilot):
        assert cursor_style(app).reverse
        app.screen.set_focus(None)
        await pilot.pause()
        assert cursor_style(app).underline and not cursor_style(app).reverse

    run(check, trials(0, 1))


def test_another_theme_changes_the_colours():
    async def check(app, pilot):
        app.screen.set_focus(None)
        await pilot.pause()
        before = cursor_style(app, column=8)
        app.theme = "textual-light"
        await pilot.pause()
        await pilot.pause()
        assert cursor_style(app, column=8).color != before.color

    run(check, trials(0, 1))


def test_rows_may_come_before_the_screen_is_there():
    async def main():
        app = TableApp()
        app.table.put(trials(*range(50)))
        async with app.run_test(size=(60, 8)) as pilot:
            await pilot.pause()
            assert ids(app)[0] == "t000"
            assert ("moved", "t000") in app.heard

    play(main())


async def something_happens(app, pilot, generator, numbers):
    """One of the things that happen to a table; `numbers` are the rows it shows next."""
    match generator.randrange(6):
        case 0:
            numbers[:] = generator.sample(range(60), generator.randint(0, 60))
        case 1:
            generator.shuffle(numbers)
        case 2:
            await pilot.press(generator.choice(("down", "up", "pagedown", "pageup", "G", "g", "right", "left")))
        case 3:
            app.table.scroll_to(y=generator.randint(0, 60), animate=False)
        case 4:
            await pilot.resize_terminal(generator.randint(20, 90), generator.randint(3, 20))
        case 5:
            app.table.sort = generator.choice((None, Sort("loss"), Sort("lr", True)))


def test_after_any_history_the_screen_shows_the_rows_as_they_are():
    """Nothing is left over from what was drawn before, whatever changed, moved, scrolled or was resized."""
    generator = random.Random(0)

    async def check(app, pilot):
        numbers = list(range(30))
        for _ in range(60):
            await something_happens(app, pilot, generator, numbers)
            rows = trials(*numbers)
            for row in rows:
                row.status = generator.choice(("running", "finished"))
            cursor = app.table.cursor_key
            app.table.put(rows, marks={"t003": "#ff0000"})
            await pilot.pause()
            if cursor in {row.key for row in rows}:
                assert app.table.cursor_key == cursor
            before = on_screen(app)
            app.table.refresh()
            await pilot.pause()
            assert on_screen(app) == before
            top = app.table.scroll_offset.y
            expected = [row.key for row in rows[top : top + app.size.height - 1]]
            assert not rows or [line[1:5] for line in before[1:] if line.strip()] == expected

    run(check, trials(*range(30)))
