"""Takes the picture at the top of the README, of a sweep that really runs: `python -m tests.screenshot [FILE]`."""

import asyncio
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import psutil

from cockpit.tui.app import CockpitApp
from cockpit.tui.feed import Feed
from cockpit.tui.settings import Settings
from tests.svg import picture

SWEEP = ("sweep", "arcface", "--engine", "local", "--trials", "16", "--epochs", "12", "--detach", "--json")
SIZE = (160, 45)
ENDED = 6  # trials at least, with two more running, when the picture is taken
TARGET = Path(__file__).parent.parent / "cockpit" / "tui" / "screenshot.svg"


def main():
    target = Path(sys.argv[1]).resolve() if len(sys.argv) > 1 else TARGET
    # A folder of its own, so that no path of this machine is in the picture.
    with tempfile.TemporaryDirectory(prefix="cockpit-") as folder:
        os.chdir(folder)
        said = subprocess.run([sys.executable, "-m", "cockpit", *SWEEP], stdout=subprocess.PIPE, check=True).stdout
        started = json.loads(said)
        try:
            target.write_text(asyncio.run(_take(Path("logs"), started["name"])), encoding="utf-8")
        finally:
            _end(started["pid"])
        os.chdir("/")
    print(f"{target}: {target.stat().st_size / 1000:.0f} kB")


def _end(pid):
    """Stop the sweep as Ctrl-C does, and wait for it, because it writes into the folder that goes."""
    while psutil.pid_exists(pid):
        os.kill(pid, signal.SIGTERM)
        time.sleep(0.5)


async def _take(logs, experiment):
    feed = Feed(logs, hertz=10)
    feed.start()
    app = CockpitApp(feed, Settings(), (experiment, ""))
    try:
        async with app.run_test(size=SIZE) as pilot:
            while not _is_worth_a_picture(app.snapshot, experiment):
                await pilot.pause(0.1)
            await pilot.press("b", "2")
            await pilot.pause(1.0)
            return picture(app, "cockpit")
    finally:
        feed.stop()


def _is_worth_a_picture(snapshot, experiment):
    """Whether many trials have ended, and those that run have curves to show."""
    view = snapshot.sweeps.get(experiment) if snapshot is not None else None
    if view is None:
        return False
    if view.sweep.status != "running":
        raise SystemExit("the sweep ended before there was a moment that is worth a picture; try again")
    running = [len(trial.row.evaluations) for trial in view.trials if trial.row.status == "running"]
    return len(view.trials) - len(running) >= ENDED and len(running) == 2 and min(running) >= 1 and max(running) >= 2


if __name__ == "__main__":
    main()
