"""Every theme that F2 leads to can draw what there is to draw, also those that use the terminal's own colours."""

from builders import every_kind
from rich.style import Style
from textual.theme import BUILTIN_THEMES
from tui_stage import cockpit, play, press, screen_text, until

from cockpit.tui.themes import THEMES, rich_colour, rich_colours


def test_colours_of_a_theme_are_colours_for_rich():
    for theme in (*THEMES, *BUILTIN_THEMES.values()):
        for color in rich_colours(theme.to_color_system().generate()).values():
            assert Style.parse(f"bold {color}").color is not None
    assert rich_colour({"error": "ansi_bright_red"}, "error") == "color(9)"
    assert rich_colour({"error": "auto 60%"}, "error") == rich_colour({}, "error") == "default"


def test_every_theme_draws_every_part_of_a_screen(tmp_path):
    every_kind(tmp_path)

    async def scene():
        async with cockpit(tmp_path, ("exp001-hill", ""), (120, 40)) as (app, pilot):
            await until(pilot, lambda: "t001" in screen_text(app))
            await press(pilot, "down", "2")
            for name in app.available_themes:
                app.theme = name
                app.say(f"now {name}", "warning")
                await until(pilot, lambda name=name: f"now {name}" in screen_text(app))
            await press(pilot, "question_mark")
            for name in app.available_themes:
                app.theme = name
                await pilot.pause()
            assert "Sweep" in screen_text(app)

    play(scene())
