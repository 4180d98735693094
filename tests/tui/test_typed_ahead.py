"""Keys that come before the screen that they are for, or after it has gone."""

import pytest
from builders import every_kind
from tui_stage import cockpit, play, until

from cockpit.tui.palette_commands import Palette
from cockpit.tui.screens.home import HomeScreen
from cockpit.tui.screens.sweep import SweepScreen


@pytest.fixture
def logs(tmp_path):
    every_kind(tmp_path / "logs")
    return tmp_path / "logs"


def test_a_key_for_a_screen_that_is_being_made_waits_for_it(logs):
    async def scene():
        async with cockpit(logs) as (app, pilot):
            await until(pilot, lambda: isinstance(app.screen, HomeScreen) and app.screen.is_ready)
            screen = SweepScreen("exp001-hill")
            app.push_screen(screen)
            assert not screen.is_ready
            assert await app.run_action("back", screen)
            await until(pilot, lambda: isinstance(app.screen, HomeScreen))
            assert screen.is_ready

    play(scene())


def test_a_key_for_a_screen_that_has_gone_does_nothing(logs):
    async def scene():
        async with cockpit(logs, ("exp001-hill", "")) as (app, pilot):
            await until(pilot, lambda: isinstance(app.screen, SweepScreen) and app.screen.is_ready)
            below = app.screen
            below.action_devices()
            top = app.screen
            assert not await app.run_action("back", below)
            assert app.screen is top

    play(scene())


def test_the_second_return_of_a_quick_hand_chooses_nothing(logs):
    async def scene():
        async with cockpit(logs) as (app, pilot):
            await until(pilot, lambda: isinstance(app.screen, HomeScreen) and app.screen.is_ready)
            app.action_command_palette()
            palette = app.screen
            assert isinstance(palette, Palette)
            await until(pilot, lambda: palette.is_mounted)
            palette.dismiss()
            palette.dismiss()
            await until(pilot, lambda: isinstance(app.screen, HomeScreen))

    play(scene())
