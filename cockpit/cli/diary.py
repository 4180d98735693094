"""`cockpit diary`: read the diary, or write its generated parts again."""

from __future__ import annotations

from pathlib import Path

import click

from cockpit.cli.options import logs_option


@click.command()
@click.argument("experiment", metavar="[EXP]", required=False)
@click.option("--write", is_flag=True, help="Regenerate the entry, or all entries; what you wrote stays as it is.")
@click.option("--open", "page", is_flag=True, help="Show it in the pager.")
@logs_option
def diary(experiment: str | None, write: bool, page: bool, logs: Path) -> int:
    """Print the diary, or the entry of one experiment."""
    from cockpit.diary import book
    from cockpit.store.folder import FolderError, experiments, find_experiment

    code, run = 0, find_experiment(logs, experiment) if experiment else None
    if write and run:
        book.write_entry(logs, run)
    elif write:
        refused = book.write_entries(logs, experiments(logs))
        for error in refused.values():
            click.echo(f"cockpit: {error}", err=True)
        code = 1 if refused else 0
    path = logs / book.FILE
    if not path.exists():
        raise FolderError(f"{path}: no diary yet; a sweep writes one, and `cockpit diary --write` makes it anew")
    text = path.read_text(encoding="utf-8", errors="replace")
    if run:
        place = book.find(text, run.id)
        if place is None:
            raise FolderError(f"{run.id} has no entry yet; write it with `cockpit diary {run.id} --write`")
        text = text[place[0] : place[1]] + "\n"
    if page:
        click.echo_via_pager(text)
    else:
        click.echo(text, nl=not text.endswith("\n"))
    return code
