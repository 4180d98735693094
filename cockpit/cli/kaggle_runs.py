"""`cockpit kaggle logs`, `pull` and `cancel`: runs that are at Kaggle."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from cockpit.cli.kaggle import client, fetching
from cockpit.cli.options import json_option, logs_option, print_json
from cockpit.events.text import one_line

if TYPE_CHECKING:
    from cockpit.kaggle.pulling import Pulled


@click.command()
@click.argument("name", metavar="EXP|OWNER/KERNEL")
@click.option("-f", "--follow", is_flag=True, help="Go on until the run is over; reconnects as often as it takes.")
@logs_option
def logs(name: str, follow: bool, logs: Path) -> None:
    """Print what an experiment at Kaggle printed, or a kernel's newest session.

    The steps of an experiment are not shown here: `cockpit kaggle follow` brings them, and `cockpit steps` shows them.
    """
    from cockpit.kaggle.marked import Lines
    from cockpit.kaggle.pushing import kernel_of

    kernel, lines = kernel_of(logs, name), Lines()
    with client() as asked:
        for event in asked.log(kernel) if follow else asked.log_so_far(kernel):
            for line in lines.feed(event):
                _print(line)
        for line in lines.last():
            _print(line)


def _print(line: str) -> None:
    """A line of a log, made harmless; those that carry the record of a sweep are left out."""
    from cockpit.events.redaction import redacted
    from cockpit.events.text import safe_text
    from cockpit.kaggle.marked import LINE, parsed

    said = parsed(line)
    if said is None or said.get("kind") != LINE:
        click.echo(redacted(safe_text(line)))


@click.command()
@click.argument("name", metavar="EXP|OWNER/KERNEL")
@click.option(
    "-o", "--out", type=click.Path(path_type=Path), metavar="DIR", help="The folder; kaggle/KERNEL by default."
)
@logs_option
@json_option
def pull(name: str, out: Path | None, logs: Path, as_json: bool) -> int:
    """Fetch what an experiment left at Kaggle, or the files that any kernel put out.

    The files of an experiment's record take the place of what was followed of it, and checkpoints come along. A file
    that wants to lie outside of the folder is left alone and told of. What was cut short is gone on with.
    """
    if "/" in name:
        folder = out or Path("kaggle") / name.rpartition("/")[2]
        return _tell_pulled(name, _pull(name, folder), folder, as_json)
    return _pull_experiment(name, logs, as_json)


def _pull(kernel: str, folder: Path) -> Pulled:
    from cockpit.kaggle.pulling import pull

    with client() as asked:
        return pull(asked, kernel, folder, fetching())


def _tell_pulled(kernel: str, found: Pulled, folder: Path, as_json: bool) -> int:
    from cockpit.store.numbers import counted

    left = [one_line(name, 80) for name in found.left]
    if as_json:
        parts = {"fetched": list(found.fetched), "kept": list(found.kept), "left": left}
        print_json({"kernel": kernel, "folder": str(folder), **parts})
    else:
        kept = f", {counted(len(found.kept), 'file')} kept" if found.kept else ""
        click.echo(f"{folder}: {counted(len(found.fetched), 'file')} fetched{kept}")
        for name in left:
            click.echo(f"left alone, because it is no place in the folder: {name!r}")
    return 1 if left else 0


def _pull_experiment(name: str, logs: Path, as_json: bool) -> int:
    import shutil

    from cockpit.kaggle.pushing import kernel_of
    from cockpit.kaggle.reconciling import reconcile
    from cockpit.store.folder import find_experiment
    from cockpit.store.numbers import counted

    run = find_experiment(logs, name)
    staging = logs / f".pulled-{run.id}"
    found = _pull(kernel_of(logs, name), staging)
    same = reconcile(logs, run, staging)
    shutil.rmtree(staging)
    if as_json:
        counts = {"streamed": same.streamed, "written": same.written, "other_files": same.others}
        print_json({"experiment": run.id, **counts, "differing": list(same.differing), "left": list(found.left)})
        return 0
    differing = f", {counted(len(same.differing), 'file')} differing" if same.differing else ", the same"
    click.echo(f"{run.id}: {same.written} lines of the record, {same.streamed} were followed{differing}")
    click.echo(f"{run.id}: {counted(same.others, 'other file')}")
    return 0


@click.command()
@click.argument("name", metavar="EXP|OWNER/KERNEL")
@click.option("--session", type=click.IntRange(min=1), help="The number of the session, where you know it.")
@logs_option
@json_option
def cancel(name: str, session: int | None, logs: Path, as_json: bool) -> int:
    """End a run at Kaggle, as far as that is possible.

    Kaggle ends a session by its number, and tells that number nobody but the run itself. Without one, the page of the
    kernel has the button; every run ends by itself at the time limit that it was pushed with.
    """
    from cockpit.kaggle.client import split_ref
    from cockpit.kaggle.pushing import kernel_of

    kernel = kernel_of(logs, name)
    address = f"https://www.kaggle.com/code/{'/'.join(split_ref(kernel))}"
    with client() as asked:
        state = asked.run(kernel).state
        if session and not state.is_over:
            asked.cancel_session(session)
            state = asked.run(kernel).state
    done = state.is_over or bool(session)
    if as_json:
        print_json({"kernel": kernel, "state": state.value, "asked": bool(session), "page": address})
    elif done:
        click.echo(f"{kernel}: {state.value}")
    else:
        click.echo(f"{kernel}: is {state.value}, and Kaggle lets nobody end it from here; its page can: {address}")
    return 0 if done else 1
