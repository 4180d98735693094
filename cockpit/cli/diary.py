"""`cockpit diary`: read the diary, or write its generated parts again."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from cockpit.cli.options import json_option, logs_option
from cockpit.events.text import one_line

if TYPE_CHECKING:
    from cockpit.store.folder import RunFolder


@click.command()
@click.argument("experiment", metavar="[EXP]", required=False)
@click.option("--write", is_flag=True, help="Regenerate the entry, or all entries; what you wrote stays as it is.")
@click.option("--pictures/--no-pictures", default=True, help="With --write, draw what pictures would show anew, too.")
@click.option("--open", "page", is_flag=True, help="Show it in the pager.")
@click.option("--todo", is_flag=True, help="List what was marked TODO in notes, and what may have followed it up.")
@logs_option
@json_option
def diary(
    experiment: str | None, write: bool, pictures: bool, page: bool, todo: bool, logs: Path, as_json: bool
) -> int:
    """Print the diary, or the entry of one experiment.

    With --write and no EXP only what changed is written. $COCKPIT_PICTURES=0 turns pictures off everywhere.
    """
    if as_json and not todo:
        raise click.UsageError("--json goes with --todo; the diary itself is Markdown")
    if todo:
        from cockpit.cli.todos import show_todos

        return show_todos(logs, experiment, as_json)
    from cockpit.diary.entries import FILE, find
    from cockpit.diary.mending import mend
    from cockpit.store.folder import FolderError, find_experiment

    code, run = 0, find_experiment(logs, experiment) if experiment else None
    if write:
        code = _write(logs, run, pictures)
    else:
        mend(logs)
    path = logs / FILE
    if not path.exists():
        raise FolderError(f"{path}: no diary yet; a sweep writes one, and `cockpit diary --write` makes it anew")
    text = path.read_text(encoding="utf-8", errors="replace")
    if run:
        place = find(text, run.id)
        if place is None:
            raise FolderError(f"{run.id} has no entry yet; write it with `cockpit diary {run.id} --write`")
        text = text[place[0] : place[1]] + "\n"
    if page:
        click.echo_via_pager(text)
    else:
        click.echo(text, nl=not text.endswith("\n"))
    return code


def _write(logs: Path, run: RunFolder | None, pictures: bool) -> int:
    """Write one entry whatever it says now, or all that say something else than the records do."""
    from cockpit.cli.pictures import draw_pictures
    from cockpit.diary import book
    from cockpit.store.folder import experiments
    from cockpit.store.life import LIVE
    from cockpit.store.summary import read_summary

    runs = [run] if run else book.stale(logs, experiments(logs))
    if pictures:
        over = [one for one in runs if read_summary(one, 0.0)["status"] not in (*LIVE, "broken")]
        told = draw_pictures(logs, over)
        if told:
            click.echo(told, err=True)
    refused = book.write_entries(logs, runs)
    for error in refused.values():
        click.echo(f"cockpit: {one_line(str(error))}", err=True)
    return 1 if refused else 0
