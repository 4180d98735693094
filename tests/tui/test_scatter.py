"""The scatter as a widget."""

import asyncio

import pytest
from textual.app import App

from cockpit.tui.widgets.scatter import Scatter


class Page(App):
    def __init__(self, scatter):
        super().__init__()
        self.scatter = scatter

    def compose(self):
        yield self.scatter


def text_of(scatter):
    return ["".join(segment.text for segment in strip) for strip in scatter.render_lines(scatter.size.region)]


def test_it_shows_points_and_its_looks():
    async def scene():
        scatter = Scatter("score / lr")
        async with Page(scatter).run_test(size=(60, 12)) as pilot:
            assert "no scores yet" in "\n".join(text_of(scatter))
            scatter.show([1e-5, 1e-4, None], [0.5, 0.9, 0.7], best=1)
            await pilot.pause()
            rows = text_of(scatter)
            assert rows[0].startswith("─ score / lr ─") and "1 left out" in rows[0]
            assert "0.9000 ◆" in rows[1]
            scatter.log_x = True
            assert "log" in text_of(scatter)[0]
            scatter.title = "loss\n/ \x1b[31mlr"
            assert text_of(scatter)[0].startswith("─ loss / lr ─")
            scatter.ascii = True
            assert "".join(text_of(scatter)).isascii()
            scatter.show([], [])
            scatter.message = "nothing"
            assert "nothing" in "\n".join(text_of(scatter))

    asyncio.run(scene())


def test_the_same_points_are_not_drawn_again():
    async def scene():
        scatter = Scatter()
        async with Page(scatter).run_test(size=(60, 12)):
            scatter.show(["a", "b"], [1.0, 2.0], 1)
            drawn = []
            scatter.picture = lambda *size: drawn.append(size)
            scatter.show(["a", "b"], [1.0, 2.0], 1)
            assert drawn == []

    asyncio.run(scene())


def test_every_point_needs_both_values():
    with pytest.raises(ValueError, match="as many values as scores, not 2 and 1"):
        Scatter().show([1, 2], [1.0])
