"""The cockpit without a terminal, over a logs folder that a test has made."""

import asyncio
import time
from contextlib import asynccontextmanager

from builders import Recorder
from patient_pilot import patient_pilots

from cockpit.engine.control import Inbox
from cockpit.events.kinds import Answered, Norms, Step
from cockpit.store.indexer import Indexer
from cockpit.tui.app import CockpitApp
from cockpit.tui.feed import Feed
from cockpit.tui.settings import Settings

PATIENCE = 60.0  # seconds until a test gives up; far more than anything takes


class Stage:
    """A sweep of which a test plays the engine."""

    def __init__(self, logs):
        self.recorder = Recorder(logs, varied=["x", "lr"], trials=4)
        self.recorder.trial(0, [0.1, 0.2], config={"x": 0.5, "lr": 1e-3}, baseline=True)
        self.recorder.trial(1, [0.7], config={"x": 0.6, "lr": 1e-2}, status="pruned", reason="asha rung 1: 0.7 < 0.8")
        self.writer = self.recorder.start(2, config={"x": 0.7, "lr": 1e-4})
        self.indexer = Indexer(self.recorder.run)
        self.inbox = Inbox(self.recorder.run)
        self.steps(1, 3)

    def steps(self, first, last):
        for step in range(first, last + 1):
            self.writer.write(Step(step=step, metrics={"loss": 1.0 / step, "lr": 1e-4}))
            for group in ("body", "head"):
                self.writer.write(Norms(step=step, group=group, grad_mean=1.0, grad_max=2.0, param_mean=3.0))
        self.indexer.sync()

    def answer(self, command, state, text):
        self.recorder.ledger.write(
            Answered(command=command.id, name=command.name, trial=command.trial or "", state=state, text=text, at=1.0)
        )
        self.indexer.sync()


@asynccontextmanager
async def cockpit(logs, target=None, size=(80, 24), **settings):
    """An app and its pilot, with a feed that looks often, so that a test need not wait for it."""
    feed = Feed(logs, hertz=30)
    feed.start()
    app = CockpitApp(feed, Settings(**settings), target)
    try:
        async with app.run_test(size=size) as pilot:
            yield app, pilot
            await asyncio.to_thread(app.chores.finish, PATIENCE)  # a thread that reports to an app that is gone warns
            app.exit()
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
    with patient_pilots():
        return asyncio.run(scene)


def screen_text(app):
    """What can be read on the screen, line by line."""
    strips = app.screen._compositor.render_strips()
    return "\n".join("".join(segment.text for segment in strip) for strip in strips)


async def hear(pilot, stage):
    """The command that arrived at the engine."""
    heard = []

    def listen():
        heard.extend(stage.inbox.read())
        return heard

    await until(pilot, listen)
    return heard[0]
