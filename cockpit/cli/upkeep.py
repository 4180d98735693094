"""`cockpit reindex` and `cockpit where`."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from cockpit.cli.options import for_each, json_option, logs_option, print_json


@click.command()
@click.argument("experiment", metavar="[EXP]", required=False)
@logs_option
def reindex(experiment: str | None, logs: Path) -> int:
    """Make index.db and summary.json of one experiment, or of all, anew from the run folders."""
    from cockpit.store.folder import RunFolder, experiments, find_experiment
    from cockpit.store.indexer import reindex as make_index
    from cockpit.store.summary import write_summary

    def renew(run: RunFolder) -> None:
        lines = make_index(run)
        write_summary(run)
        click.echo(f"{run.name}: {lines} lines")

    if experiment:
        renew(find_experiment(logs, experiment))
        return 0
    return for_each(experiments(logs), renew)


@click.command()
@logs_option
@json_option
def where(logs: Path, as_json: bool) -> None:
    """Print the folders in use."""
    import cockpit
    import searches
    import trainers
    from cockpit.tui.settings import settings_path
    from cockpit.tui.trouble import log_path

    folders = {
        "logs": logs.resolve(),
        "diary": logs.resolve() / "diary.md",
        "own searches": Path.cwd() / "searches",
        "shipped searches": Path(searches.__path__[0]),
        "trainers": Path(trainers.__path__[0]),
        "program": Path(cockpit.__path__[0]),
        "python": Path(sys.executable),
        "settings": settings_path(),
        "cockpit's log": log_path(),
    }
    if as_json:
        print_json({name: str(path) for name, path in folders.items()})
        return
    for name, path in folders.items():
        click.echo(f"{name:17} {path}{'' if path.exists() else '  (not there yet)'}")
