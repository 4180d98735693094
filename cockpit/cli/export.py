"""`cockpit export`: an experiment or a trial in a format that other programs read."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

import click

from cockpit.cli.options import logs_option

if TYPE_CHECKING:
    from cockpit.export.contract import Format
    from cockpit.export.record import Record

FORMATS = ("md", "csv", "parquet", "json", "html", "tensorboard", "latex", "optuna")


@click.command()
@click.argument("name", metavar="EXP|TRIAL")
@click.option("--format", "form", type=click.Choice(FORMATS), help="What to write; the ending of PATH tells too.")
@click.option("-o", "--output", "path", type=click.Path(path_type=Path), metavar="PATH", help="Where to write it.")
@click.option("--force", is_flag=True, help="Replace what is at PATH already.")
@logs_option
def export(name: str, form: str | None, path: Path | None, force: bool, logs: Path) -> None:
    """Write EXP or TRIAL as Markdown, CSV, Parquet, JSON, one HTML page, TensorBoard event files, a LaTeX table, or a
    journal of Optuna.

    Text goes to standard output without a PATH; what is no text gets a name in the present folder. With csv and
    parquet a PATH without that ending becomes a folder of tables. `cockpit import` reads csv, json and tensorboard back
    with every number. Secrets are left out.
    """
    from cockpit.export.record import Record
    from cockpit.export.registry import format_named
    from cockpit.store.folder import find_experiment, find_trial
    from cockpit.store.reader import Index

    found = format_named(form or _format_by(path))
    run, trial = find_trial(logs, name) if "/" in name else (find_experiment(logs, name), "")
    with Index(run) as index, index.moment():
        record = Record(index, trial)
        if path is None and found.text is not None:
            _print(found.text(record))
        else:
            _write(record, found, path, force)


def _format_by(path: Path | None) -> str:
    from cockpit.export.registry import ENDINGS, name_by_ending

    if path is None:
        raise click.UsageError(f"say what to write with --format, one of {', '.join(FORMATS)}")
    name = name_by_ending(path)
    if name is None:
        known = ", ".join(ENDINGS)
        raise click.UsageError(f"{path}: its ending tells no format (those are {known}); say it with --format")
    return name


def _write(record: Record, form: Format, path: Path | None, force: bool) -> None:
    from cockpit.export.writing import write

    if path is None:
        ending = "" if form.folder is not None and form.file is None else form.endings[0]
        path = Path(f"{record.name}-{form.name}" if not ending else f"{record.name}{ending}")
    write(record, form, path, force=force)
    click.echo(f"wrote {path}", err=True)


def _print(pieces: Iterable[str]) -> None:
    for piece in pieces:
        sys.stdout.write(piece)
