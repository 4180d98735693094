"""`cockpit import --follow`: a log that is still being written, recorded as it grows."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from cockpit.cli.options import print_json
from cockpit.events.text import one_line

if TYPE_CHECKING:
    from cockpit.importers.importing import Wish
    from cockpit.store.folder import RunFolder


def follow_file(paths: tuple[Path, ...], form: str, wish: Wish, as_json: bool) -> int:
    """Follow one printed log until Ctrl-C, which is how following ends and so no failure."""
    from cockpit.cli.import_report import print_outcome
    from cockpit.diary.book import write_entry
    from cockpit.importers.follow import follow
    from cockpit.importers.printed import IMPORTER

    if len(paths) != 1 or paths[0].is_dir():
        raise click.UsageError("--follow wants one file")
    if form not in ("", IMPORTER.name):
        raise click.UsageError(f"--follow reads printed logs only, not {form}")
    (path,) = paths
    said = one_line(str(path))

    def announce(run: RunFolder) -> None:
        write_entry(wish.logs, run)
        click.echo(f"{said} is followed as {run.name}; Ctrl-C ends that", err=as_json)

    if not path.exists():
        click.echo(f"waiting for {said}", err=True)
    outcome = follow(path, wish, announce)
    if outcome is None or outcome.run is None:
        click.echo(f"cockpit: {said}: nothing was written to it, so there is no experiment", err=True)
        return 2
    write_entry(wish.logs, outcome.run)
    if as_json:
        print_json([outcome.document()])
    else:
        print_outcome(outcome)
    return 0
