"""Opening the cockpit: reading begins, then Textual is imported, then the terminal is taken, and given back whatever
happens.
"""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cockpit.store.folder import find_experiment, find_trial
from cockpit.tui.feed import Feed
from cockpit.tui.haste import make_haste
from cockpit.tui.interest import Focus, Interest
from cockpit.tui.leaving import WayOut, has_terminal
from cockpit.tui.settings import load_settings
from cockpit.tui.trial_page import first_interest
from cockpit.tui.trouble import log_path

if TYPE_CHECKING:
    from cockpit.tui.app import CockpitApp

CHORES_SECONDS = 3.0  # for a command or a note that is on its way when the cockpit is left


def open_cockpit(
    logs: Path, target: str | None = None, typed: Mapping[str, Any] | None = None, *, sweeps_go_on: bool = True
) -> int:
    """Show the logs folder until the user leaves; return the exit code.

    `target` is an experiment or a trial to open first. With `sweeps_go_on` the last line says which ones do. Raises
    `FolderError` when there is no such target, and `SettingsError`.
    """
    settings = load_settings(typed or {})
    make_haste()
    opened = _resolved(logs, target)
    feed = Feed(logs, settings.refresh)
    if opened is not None:
        read_ahead(feed, *opened)
    feed.start()
    try:
        # Textual takes a fifth of a second to import, which the feed uses to read.
        from cockpit.tui.app import CockpitApp

        app = CockpitApp(feed, settings, opened)
        code = _run(app)
        app.chores.finish(CHORES_SECONDS)
    finally:
        feed.stop()
    if app.farewell and sweeps_go_on:
        _say(app.farewell)
    return code


def read_ahead(feed: Feed, experiment: str, trial: str) -> None:
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
    """Run the app until it is left, or until a signal or a terminal that goes away ends it as `q` does."""
    asyncio.run(WayOut(app.leave).guard(app.run_async()))
    if app.return_code:
        _say(f"cockpit: the screen ended with an error, the sweeps did not; {log_path()} says which")
    return app.return_code or 0


def _say(text: str) -> None:
    """Print a line, if there is anybody to read it."""
    if has_terminal():
        print(text, flush=True)
