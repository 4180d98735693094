"""The chart as a widget: what it writes and what it leaves alone, zoom, pan, cursor, mouse, looks."""

from contextlib import asynccontextmanager

import numpy as np
import pytest
from curves import curve, falling
from curves import text_of as picture_text
from textual.app import App
from textual.containers import Vertical
from textual.events import MouseMove, MouseScrollDown, MouseScrollUp
from tui_stage import play

from cockpit.tui.palette import LINE_COLORS
from cockpit.tui.widgets import drawing
from cockpit.tui.widgets.chart import Chart, Line


class Page(App):
    CSS = "Chart { height: 1fr; }"

    def __init__(self, charts):
        super().__init__()
        self.charts = charts
        self.windows, self.cursors = [], []

    def compose(self):
        with Vertical():
            yield from self.charts

    def on_chart_window_changed(self, event):
        assert event.control is event.chart
        self.windows.append((event.first, event.last))

    def on_chart_cursor_moved(self, event):
        assert event.control is event.chart
        self.cursors.append(event.step)


@asynccontextmanager
async def page(*charts, size=(80, 24), unpaced=True):
    """An app with charts; they may write as much as they want unless `unpaced` is said to be false."""
    allowed = drawing.BYTES_A_SECOND
    drawing.BYTES_A_SECOND = 10**12 if unpaced else allowed
    try:
        app = Page(charts)
        async with app.run_test(size=size) as pilot:
            yield app, pilot
    finally:
        drawing.BYTES_A_SECOND = allowed


def lines(*curves):
    return [Line(f"t{number:03d}", number, each) for number, each in enumerate(curves or [falling(1001)])]


def text_of(chart):
    return ["".join(segment.text for segment in strip) for strip in chart.render_lines(chart.size.region)]


def watched(chart):
    """Every region that the chart asks to be written from now on."""
    asked, refresh = [], chart.refresh

    def counting(*regions, **how):
        asked.extend(regions or [chart.size.region])
        return refresh(*regions, **how)

    chart.refresh = counting
    return asked


def test_it_shows_lines():
    async def scene():
        chart = Chart("loss")
        async with page(chart) as (_app, pilot):
            assert "no values yet" in "\n".join(text_of(chart))
            chart.show(lines())
            await pilot.pause()
            rows = text_of(chart)
            assert rows[0].startswith("─ loss ─") and "t000" in "\n".join(rows)
            assert {len(row) for row in rows} == {80}

    play(scene())


def test_nothing_is_asked_for_when_nothing_has_changed():
    async def scene():
        chart = Chart("loss")
        async with page(chart) as (app, pilot):
            chart.show(lines())
            await pilot.pause()
            asked = watched(chart)
            chart.show(list(chart._lines))
            again = lines()
            chart.show(again)  # other objects with the same values
            chart.title, chart.smoothing, chart.log_scale, chart.cursor_step = "loss", 0.0, False, None
            chart.look_at(None, None)
            chart.reset_zoom()
            chart.zoom_out()
            chart.pan(0.5)
            chart.hide_cursor()
            await pilot.pause()
            assert asked == []
            assert app.windows == app.cursors == []

    play(scene())


def test_only_rows_that_differ_are_written():
    async def scene():
        chart = Chart("loss")
        async with page(chart) as (_app, pilot):
            values = np.linspace(1, 0, 1001)
            chart.show(lines(curve(np.arange(960), values[:960]), curve([0, 1000], [1.0, 1.0])))
            await pilot.pause()
            asked = watched(chart)
            chart.show(lines(curve(np.arange(990), values[:990]), curve([0, 1000], [1.0, 1.0])))
            assert asked
            assert all(region.height == 1 and region.y >= 18 and region.x > 60 for region in asked)

    play(scene())


def test_what_is_on_the_screen_is_the_last_picture():
    """However many partial writes there were, no row is left as it was."""

    async def scene():
        chart = Chart("loss")
        async with page(chart) as (app, pilot):
            for count in range(100, 1000, 90):
                chart.show(lines(falling(count), falling(count // 2, seed=1)))
                await pilot.pause()
                screen = ["".join(segment.text for segment in row) for row in app.screen._compositor.render_strips()]
                assert screen == picture_text(chart.picture(*chart.size))

    play(scene())


def test_streaming_is_paced_but_what_the_user_does_is_not():
    async def scene():
        chart = Chart("loss")
        async with page(chart, unpaced=False) as (_app, _pilot):
            for count in range(100, 2000, 100):  # far more than the allowance
                chart.show(lines(*[falling(count, seed=seed) for seed in range(8)]))
            assert chart._due is not None
            asked = watched(chart)
            chart.show(lines(*[falling(2500, seed=seed) for seed in range(8)]))
            assert asked == []
            chart.log_scale = True
            assert asked and chart._due is None
            assert "2k" in text_of(chart)[-1]

    play(scene())


def test_what_was_put_off_is_shown_later():
    async def scene():
        chart = Chart("loss")
        async with page(chart, unpaced=False) as (_app, _pilot):
            chart.show(lines(falling(100)))
            chart._pace.spend(0.0, 10**9, 1.0)
            chart.show(lines(falling(3000)))
            assert chart._due is not None and "2k" not in text_of(chart)[-1]
            chart._redraw_streaming()  # as its timer does
            assert chart._due is None and "2k" in text_of(chart)[-1]

    play(scene())


def test_keys_zoom_and_pan_and_say_so():
    async def scene():
        chart = Chart("loss")
        async with page(chart) as (app, pilot):
            chart.show(lines())
            chart.zoom_in()
            assert chart.window == (500, None)
            chart.pan(-0.5)
            assert chart.window == (250, 750)
            assert "250–750" in text_of(chart)[0]
            chart.zoom_in()
            assert chart.window == (375, 625)
            chart.zoom_out()
            chart.pan(9)
            assert chart.window == (500, None)
            chart.reset_zoom()
            assert chart.window == (None, None)
            await pilot.pause()
            assert app.windows == [
                (500, None),
                (250, 750),
                (375, 625),
                (250, 750),
                (500, None),
                (None, None),
            ]

    play(scene())


def test_zoom_is_around_a_cursor_in_view():
    async def scene():
        chart = Chart("loss")
        async with page(chart) as (_app, _pilot):
            chart.show(lines())
            chart.cursor_step = 200
            chart.zoom_in()
            first, last = chart.window
            assert last - first == 500 and (200 - first) / 500 == pytest.approx(0.2)

    play(scene())


def test_a_window_of_finer_values_can_be_left_again():
    """While some steps are looked at, the lines may hold those steps only; zooming out still knows the others."""

    async def scene():
        chart = Chart("loss")
        async with page(chart) as (_app, _pilot):
            chart.show(lines(falling(1001)))
            chart.zoom_in()
            chart.show(lines(falling(501, start=500)))
            chart.zoom_out()
            assert chart.window == (None, None)

    play(scene())


def test_following_moves_on_with_the_newest_steps():
    async def scene():
        chart = Chart("loss")
        async with page(chart) as (app, pilot):
            chart.show(lines(falling(1001)))
            chart.zoom_in()
            chart.show(lines(falling(1201)))
            assert chart.window == (500, None)
            chart.show(lines(falling(1301)))
            assert chart.window == (800, None)
            await pilot.pause()
            assert app.windows == [(500, None), (800, None)]

    play(scene())


def test_looking_where_another_chart_looks_is_not_said_again():
    async def scene():
        chart = Chart("loss")
        async with page(chart) as (app, pilot):
            chart.show(lines(falling(1001)))
            chart.look_at(100, 200)
            assert "100–200" in text_of(chart)[0]
            chart.look_at(900, None)
            chart.show(lines(falling(5001)))
            assert chart.window == (900, None)
            await pilot.pause()
            assert app.windows == []

    play(scene())


def test_the_cursor_walks_from_value_to_value():
    async def scene():
        chart = Chart("score")
        async with page(chart) as (app, pilot):
            chart.show(lines(curve([0, 100, 200, 1000], [1.0, 2.0, 3.0, 4.0])))
            chart.move_cursor(-1)
            for columns in (-1, -1, -70, 1, -2, 1):
                chart.move_cursor(columns)
            await pilot.pause()
            assert app.cursors == [1000, 200, 100, 0, 100, 0, 100]
            assert "step 100" in "\n".join(text_of(chart))
            chart.hide_cursor()
            chart.hide_cursor()
            await pilot.pause()
            assert app.cursors[7:] == [None]
            assert "step" not in "\n".join(text_of(chart))

    play(scene())


def test_the_cursor_stays_in_view():
    async def scene():
        chart = Chart("loss")
        async with page(chart) as (_app, _pilot):
            chart.move_cursor(1)
            assert chart.cursor_step is None
            chart.show(lines(falling(1001)))
            chart.look_at(100, 200)
            for columns in (1, 5, -1000, -5):
                chart.move_cursor(columns)
                assert 100 <= chart.cursor_step <= 200

    play(scene())


def test_a_step_that_another_chart_points_at_is_shown_and_not_said_again():
    async def scene():
        chart = Chart("loss")
        async with page(chart) as (app, pilot):
            chart.show(lines())
            chart.cursor_step = 123
            await pilot.pause()
            assert "step 123" in "\n".join(text_of(chart))
            assert app.cursors == []

    play(scene())


def wheel(kind, chart, column):
    x, y = chart.content_region.x + column, chart.content_region.y + 3
    return kind(chart, column, 3, 0, 0, 0, False, False, False, x, y)


def test_the_wheel_zooms_around_the_pointer():
    async def scene():
        chart = Chart("loss")
        async with page(chart) as (_app, pilot):
            chart.show(lines())
            pointed = chart._plot.step_of(20)
            chart.post_message(wheel(MouseScrollUp, chart, chart._plot.place.left + 20))
            await pilot.pause()
            first, last = chart.window
            assert last - first == 800
            assert (pointed - first) / 800 == pytest.approx(pointed / 1000, abs=0.01)
            chart.post_message(wheel(MouseScrollDown, chart, chart._plot.place.left + 20))
            await pilot.pause()
            assert chart.window == (None, None)
            chart.post_message(wheel(MouseScrollUp, chart, 78))
            await pilot.pause()
            assert chart.window == (200, None)

    play(scene())


def test_a_click_sets_the_cursor():
    async def scene():
        chart = Chart("loss")
        async with page(chart) as (app, pilot):
            chart.show(lines())
            await pilot.click(chart, offset=(chart._plot.place.left + 20, 5))
            assert app.cursors == [chart._plot.step_of(20)]
            assert app.focused is chart
            await pilot.click(chart, offset=(1, 5))  # on the labels of the axis
            assert len(app.cursors) == 1

    play(scene())


def moved(chart, column):
    return wheel(MouseMove, chart, column)


def test_dragging_pans():
    async def scene():
        chart = Chart("loss")
        async with page(chart) as (app, pilot):
            chart.show(lines())
            chart.look_at(400, 600)
            await pilot.mouse_down(chart, offset=(40, 5))
            columns = chart._plot.place.columns
            chart.post_message(moved(chart, 40 + columns // 2))
            await pilot.pause()
            first, last = chart.window
            assert last - first == 200 and first == pytest.approx(300, abs=3)
            await pilot.mouse_up(chart, offset=(40 + columns // 2, 5))
            assert app.cursors == []
            chart.post_message(moved(chart, 10))
            await pilot.pause()
            assert chart.window == (first, last)

    play(scene())


def test_smoothing_takes_what_it_can():
    chart = Chart()
    for given, taken in ((0.5, 0.5), (2, 0.99), (-1, 0.0), (float("nan"), 0.0)):
        chart.set_smoothing(given)
        assert chart.smoothing == taken


def test_looks_change_the_picture():
    async def scene():
        chart = Chart("loss")
        async with page(chart) as (_app, _pilot):
            chart.show(lines())
            chart.set_smoothing(0.9)
            chart.toggle_log()
            assert text_of(chart)[0].endswith("ema 0.9 · log ─")
            chart.toggle_log()
            chart.title = "[bold]\x1b[31mloss\n2"
            assert text_of(chart)[0].startswith("─ [bold]loss 2 ─")
            chart.ascii = True
            assert "".join(text_of(chart)).isascii()
            chart.show([])
            chart.message = "reading…"
            assert "reading~" in "\n".join(text_of(chart))

    play(scene())


def test_labels_from_outside_are_harmless():
    async def scene():
        chart = Chart("loss")
        async with page(chart) as (_app, _pilot):
            chart.show([Line("\x1b]0;x\x07a\nb", 0, falling())])
            text = "".join(text_of(chart))
            assert "a b" in text and "\x1b" not in text

    play(scene())


def test_a_new_size_is_drawn():
    async def scene():
        chart = Chart("loss")
        async with page(chart) as (_app, pilot):
            chart.show(lines())
            for size in ((12, 4), (200, 60), (40, 10)):
                await pilot.resize_terminal(*size)
                await pilot.pause()
                assert {len(row) for row in text_of(chart)} == {size[0]}
                assert len(text_of(chart)) == size[1]

    play(scene())


def colours(chart):
    return {
        segment.style.color.get_truecolor().hex
        for strip in chart.render_lines(chart.size.region)
        for segment in strip
        if segment.style is not None and segment.style.color is not None
    }


def title_colour(chart):
    [segment] = [segment for segment in chart.render_lines(chart.size.region)[0] if segment.text.strip().isalpha()]
    return segment.style.color


def test_lines_wear_their_colours_on_any_theme_and_the_focus_is_seen():
    async def scene():
        chart, other = Chart("loss"), Chart("score")
        async with page(chart, other) as (app, pilot):
            chart.show([Line("t000", 2, falling()), Line("t001", 9, falling(seed=1))])
            other.show(lines())
            for theme in ("textual-dark", "textual-light"):
                app.theme = theme
                await pilot.pause()
                assert {LINE_COLORS[2], LINE_COLORS[1]} <= colours(chart)
                chart.focus()
                await pilot.pause()
                focused, blurred = title_colour(chart), title_colour(other)
                assert focused != blurred
                other.focus()
                await pilot.pause()
                assert (title_colour(chart), title_colour(other)) == (blurred, focused)

    play(scene())


def test_no_color_is_obeyed(monkeypatch):
    monkeypatch.setenv("NO_COLOR", "1")

    async def scene():
        chart = Chart("loss")
        async with page(chart) as (_app, _pilot):
            chart.show(lines())
            assert "t000" in "".join(text_of(chart))
            for colour in colours(chart):
                assert colour[1:3] == colour[3:5] == colour[5:7]

    play(scene())
