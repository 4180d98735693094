"""`cockpit open`, which `cockpit` alone is short for."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from cockpit.cli.options import logs_option


@click.command("open")
@click.argument("name", metavar="[EXP|TRIAL]", required=False)
@logs_option
@click.option("--theme", metavar="NAME", help="Colours: cockpit, cockpit-light, or a theme of Textual.")
@click.option("--refresh", type=float, metavar="HZ", help="Snapshots a second; fewer cost less.")
@click.option("--ascii/--unicode", "ascii_wanted", default=None, help="Draw with ASCII only, or not.")
def open_(name: str | None, logs: Path, theme: str | None, refresh: float | None, ascii_wanted: bool | None) -> int:
    """Open the cockpit on the logs folder, or straight on an experiment or a trial.

    Everything works from the keyboard; ? says what the keys do. Leaving it never touches a running sweep. Settings are
    taken from these options, then from $COCKPIT_THEME, $COCKPIT_REFRESH, $COCKPIT_ASCII and $COCKPIT_SMOOTHING, then
    from the file that `cockpit where` names.
    """
    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        raise click.UsageError("the cockpit needs a terminal; `cockpit ls` and `cockpit show` do without")
    from cockpit.diary.mending import mend
    from cockpit.tui.start import open_cockpit

    mend(logs)
    return open_cockpit(logs, name, {"theme": theme, "refresh": refresh, "ascii": ascii_wanted})
