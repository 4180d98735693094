"""Pictures of experiments that are over: drawn where they would show something new."""

from __future__ import annotations

import os
import time
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from cockpit.events.text import one_line

if TYPE_CHECKING:
    from cockpit.diary.plots.data import Pictured
    from cockpit.store.folder import RunFolder

SWITCH = "COCKPIT_PICTURES"  # 0 leaves pictures alone, for those who have no use for them
LONG_SECONDS = 2.0


def draw_pictures(logs: Path, runs: Sequence[RunFolder]) -> str:
    """Draw what is new of these experiments; return in a few words what was done, empty where there was nothing.

    A picture that cannot be drawn is told of and keeps nothing else from being done.
    """
    from cockpit.store.folder import FolderError
    from cockpit.store.numbers import counted

    if os.environ.get(SWITCH) == "0":
        return ""
    began, drawn, told = time.monotonic(), 0, False
    for number, run in enumerate(runs):
        try:
            drawn += _draw(run)
        except FolderError as error:
            click.echo(f"cockpit: {one_line(str(error))}", err=True)
        except Exception as error:  # a picture is not worth the entry that it belongs to
            click.echo(f"cockpit: {run.id}: no picture ({type(error).__name__}: {one_line(str(error))})", err=True)
        if not told and number + 1 < len(runs) and time.monotonic() - began > LONG_SECONDS:
            told = True
            click.echo(f"drawing pictures of {len(runs)} experiments …", err=True)
    drawn += draw_gap(logs)
    return f"{counted(drawn, 'picture')} in {time.monotonic() - began:.1f}s" if drawn else ""


def _draw(run: RunFolder) -> int:
    from cockpit.diary.plots.draw import draw, wanted

    found = wanted(run)
    if found is None:
        return 0
    return len(draw(run, _weighed(run, found)))


def _weighed(run: RunFolder, found: Pictured) -> Pictured:
    """With the importance of its parameters, which is worked out here where nobody has yet."""
    from cockpit.diary.plots.data import pictured
    from cockpit.store.importance import LEAST_TRIALS, kept_importance
    from cockpit.store.reader import Index

    if len(found.varied) < 2 or len(found.ranked) < LEAST_TRIALS:
        return found
    with Index(run) as index:
        sweep, trials = index.sweep(), index.trials(best_metrics=False)
    if kept_importance(run, trials) is not None:
        return found
    from cockpit.engine.importance import weigh_and_keep

    weigh_and_keep(run, sweep, trials)
    return pictured(run)


def draw_gap(logs: Path) -> int:
    """Draw CV against LB of all experiments where that shows something new; return how many pictures were drawn."""
    if os.environ.get(SWITCH) == "0":
        return 0
    from cockpit.diary.past import past_of
    from cockpit.diary.plots import draw

    try:
        return len(draw.draw_gap(logs, past_of(logs).pairs()))
    except Exception as error:  # a picture is not worth the score that it shows
        click.echo(f"cockpit: no picture of CV against LB ({type(error).__name__}: {one_line(str(error))})", err=True)
        return 0
