"""The cockpit without a terminal, over a logs folder that a test has made."""

import asyncio
import time
from contextlib import asynccontextmanager

from cockpit.tui.app import CockpitApp
from cockpit.tui.feed import Feed
from cockpit.tui.settings import Settings

PATIENCE = 20.0  # seconds until a test gives up; far more than anything takes


@asynccontextmanager
async def cockpit(logs, target=None, size=(80, 24), **settings):
    """An app and its pilot, with a feed that looks often, so that a test need not wait for it."""
    feed = Feed(logs, hertz=30)
    feed.start()
    app = CockpitApp(feed, Settings(**settings), target)
    try:
        async with app.run_test(size=size) as pilot:
            yield app, pilot
    finally:
        feed.stop()


async def until(pilot, holds):
    """Let the app go on until `holds()` is true."""
    deadline = time.monotonic() + PATIENCE
    while not holds():
        assert time.monotonic() < deadline, "that never came true"
        await pilot.pause(0.01)


async def press(pilot, *keys):
    """Press keys, one after another, each when the one before has been dealt with."""
    for key in keys:
        await pilot.press(key)
        await pilot.pause()


def play(scene):
    """Run an asynchronous scene."""
    return asyncio.run(scene)


def screen_text(app):
    """What can be read on the screen, line by line."""
    strips = app.screen._compositor.render_strips()
    return "\n".join("".join(segment.text for segment in strip) for strip in strips)
