"""Opening the cockpit: reading begins, then Textual is imported, then the terminal is taken, and given back whatever
happens.
"""

from __future__ import annotations

import asyncio
import os
import shutil
import signal
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cockpit.store.folder import find_experiment, find_trial
from cockpit.tui.feed import Feed
from cockpit.tui.interest import Focus, Interest
from cockpit.tui.settings import load_settings

if TYPE_CHECKING:
    from cockpit.tui.app import CockpitApp

LEAVE_SIGNALS = (signal.SIGHUP, signal.SIGTERM)


def open_cockpit(logs: Path, target: str | None = None, typed: Mapping[str, Any] | None = None) -> int:
    """Show the logs folder until the user leaves; return the exit code.

    `target` is an experiment or a trial to open first. Raises `FolderError` when there is no such one, and
    `SettingsError`.
    """
    settings = load_settings(typed or {})
    opened = _resolved(logs, target)
    feed = Feed(logs, settings.refresh)
    if opened is not None:
        _read_ahead(feed, *opened)
    feed.start()
    try:
        # Textual takes a fifth of a second to import, which the feed uses to read.
        from cockpit.tui.app import CockpitApp

        app = CockpitApp(feed, settings, opened)
        code = _run(app)
    finally:
        feed.stop()
    if app.farewell:
        _say(app.farewell)
    return code


def _read_ahead(feed: Feed, experiment: str, trial: str) -> None:
    """Begin with what the first screen will ask for, so that its curves are there as soon as it is."""
    if not trial:
        feed.look_at(Interest(experiments=(experiment,)))
        return
    focus, size = Focus(experiment, trial), shutil.get_terminal_size()
    feed.look_at(first_interest(None, focus, size.columns, size.lines))
    feed.foresee(lambda snapshot: first_interest(snapshot, focus, size.columns, size.lines))


def _resolved(logs: Path, target: str | None) -> tuple[str, str] | None:
    if target is None:
        return None
    if "/" in target:
        run, trial = find_trial(logs, target)
        return run.name, trial
    return find_experiment(logs, target).name, ""


def _run(app: CockpitApp) -> int:
    """Run the app so that a signal or a terminal that went away ends it as `q` does."""

    async def run() -> None:
        loop = asyncio.get_running_loop()
        for number in LEAVE_SIGNALS:
            loop.add_signal_handler(number, app.exit)
        await app.run_async()

    try:
        asyncio.run(run())
    except OSError:
        if _has_terminal():
            raise
        return 0  # the terminal is gone, and with it whoever could have read an error
    return app.return_code or 0


def _has_terminal() -> bool:
    try:
        os.ttyname(sys.__stdout__.fileno() if sys.__stdout__ else 1)
    except OSError:
        return False
    return True


def _say(text: str) -> None:
    try:
        print(text, flush=True)
    except OSError:
        pass  # nobody is there to read it
