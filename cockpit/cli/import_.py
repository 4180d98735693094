"""`cockpit import`: logs, notes and records of other tools become experiments."""

from __future__ import annotations

import shlex
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from cockpit.cli.main import is_full_disk
from cockpit.cli.options import json_option, logs_option, print_json
from cockpit.events.text import one_line

if TYPE_CHECKING:
    from cockpit.importers.contract import Importer, Source
    from cockpit.importers.finding import Found
    from cockpit.importers.importing import Wish
    from cockpit.importers.outcome import Outcome
    from cockpit.store.folder import RunFolder

LARGE = 4_000_000  # bytes of a record whose index and diary entry are made by another process


@click.command("import")
@click.option("--format", "form", metavar="NAME", help="What it is, where the content does not tell.")
@click.option("--name", metavar="N", help="Name of the experiment; else that of the file.")
@click.option("--metric", metavar="NAME", help="What ranks the runs; else the evaluation's score that most have.")
@click.option("--follow", is_flag=True, help="Record a log that is still being written, until Ctrl-C.")
@logs_option
@json_option
@click.argument("paths", nargs=-1, required=True, type=click.Path(path_type=Path), metavar="PATH …")
def import_(
    form: str | None, name: str | None, metric: str | None, follow: bool, logs: Path, as_json: bool,
    paths: tuple[Path, ...],
) -> int:  # fmt: skip
    """Make an experiment of each log: of PATH, or of every file in a folder; the format is told by the content.

    Lines with numbers that were not understood are listed, here and in unread.txt beside the record. Importing the
    same content again changes nothing; a file that has grown since takes the place of its own record. --follow waits
    for a file that is not there yet, goes on when it begins anew, and ends with Ctrl-C, which closes the record.
    """
    from cockpit.importers.importing import Wish

    _check_format(form)
    wish = Wish(logs, shlex.join(["cockpit", *sys.argv[1:]]), name or "", metric or "")
    if follow:
        from cockpit.cli.import_follow import follow_file

        return follow_file(paths, form or "", wish, as_json)
    missing = next((path for path in paths if not path.exists()), None)
    if missing is not None:
        raise click.UsageError(f"{missing}: no such file or folder")
    return _import(paths, form or "", wish, as_json)


def _check_format(form: str | None) -> None:
    from cockpit.importers.registry import importers

    if form is not None and form not in [importer.name for importer in importers()]:
        raise click.UsageError(f"--format {form}: no such format; there are {_names()}")


def _import(paths: tuple[Path, ...], form: str, wish: Wish, as_json: bool) -> int:
    from cockpit.cli.import_report import print_outcome, print_unrecognised, unrecognised
    from cockpit.importers.finding import find_sources

    done: list[Outcome] = []
    others: list[Found] = []
    failed = False
    for found in (found for path in paths for found in find_sources(path, form)):
        if found.source is None or found.importer is None:
            others.append(found)
            continue
        outcome = _import_one(found.source, found.importer, wish)
        if outcome is None:
            failed = True
            continue
        done.append(outcome)
        if not as_json:
            print_outcome(outcome)
    if as_json:
        print_json([*(outcome.document() for outcome in done), *map(unrecognised, others)])
    else:
        print_unrecognised(others)
    if failed:
        return 1
    if any(outcome.run for outcome in done):
        return 0
    click.echo(f"cockpit: {_why_nothing(paths, others)}", err=True)
    return 2


def _import_one(source: Source, importer: Importer, wish: Wish) -> Outcome | None:
    """Import a source and write its diary entry; None where that failed, which was told then."""
    from cockpit.importers.importing import NoMetricError, import_source
    from cockpit.store.folder import FolderError

    try:
        outcome = import_source(source, importer, wish)
        if outcome.run is not None and not outcome.already:
            _write_entry(wish.logs, outcome.run)
    except FolderError:
        raise
    except NoMetricError as error:
        click.echo(f"cockpit: {error}", err=True)
        return None
    except OSError as error:
        if is_full_disk(error):
            raise
        click.echo(f"cockpit: {one_line(str(source.path))}: {error.strerror or error}", err=True)
        return None
    return outcome


def _write_entry(logs: Path, run: RunFolder) -> None:
    """Make the index and write the diary; for a large record another process does so, which nobody waits for."""
    from cockpit.diary.book import write_entry

    if _size(run) <= LARGE:
        write_entry(logs, run)
        return
    import subprocess

    words = [sys.executable, "-m", "cockpit", "diary", run.id, "--write", "--logs", str(logs)]
    nowhere = subprocess.DEVNULL
    subprocess.Popen(words, stdin=nowhere, stdout=nowhere, stderr=nowhere, start_new_session=True)


def _size(run: RunFolder) -> int:
    return sum(run.trial(trial).events.stat().st_size for trial in run.trial_ids())


def _why_nothing(paths: tuple[Path, ...], others: Sequence[Found]) -> str:
    said = one_line(", ".join(map(str, paths)))
    if others:
        return f"{said}: no format is recognised; name it with --format ({_names()}), or see `cockpit import --help`"
    return f"{said}: nothing with numbers was found, so there is no experiment of it"


def _names() -> str:
    from cockpit.importers.registry import importers

    return ", ".join(importer.name for importer in importers())
