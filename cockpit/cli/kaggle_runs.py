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
    from cockpit.kaggle.states import RunState
    from cockpit.kaggle.stopping import How

READY_SECONDS = 120.0  # that a version of the control dataset may take


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

    from cockpit.kaggle.followers import sole_follower
    from cockpit.kaggle.pushing import push_of_experiment
    from cockpit.kaggle.reconciling import reconcile
    from cockpit.store.folder import find_experiment
    from cockpit.store.numbers import counted

    run = find_experiment(logs, name)
    staging = logs / f".pulled-{run.id}"
    made = push_of_experiment(logs, run)
    kernel = str(made.result["kernel"])
    with sole_follower(logs, made.id, kernel):
        found = _pull(kernel, staging)
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
@click.option("--session", type=click.IntRange(min=1), help="End the session of this number, at once.")
@click.option("--settle", type=click.FloatRange(min=0), default=90.0, hidden=True, help="Seconds that a list may lag.")
@logs_option
@json_option
def cancel(name: str, session: int | None, settle: float, logs: Path, as_json: bool) -> int:
    """End a run at Kaggle, as far as that is possible.

    A run that was pushed with --internet looks every minute whether it is asked to stop, and leaves what it has as
    output. Another one is ended by the number of its session, where it told that; Kaggle tells it nobody else. Without
    both, the page of the kernel has the button. Every run ends by itself at the time limit that it was pushed with.
    """
    from cockpit.kaggle.client import split_ref
    from cockpit.kaggle.intents import Ledger, Settling
    from cockpit.kaggle.pushing import kernel_of, push_of
    from cockpit.kaggle.stopping import How, end, ways

    kernel, ledger, how, known = kernel_of(logs, name), Ledger(logs), How.NOTHING, session
    address = f"https://www.kaggle.com/code/{'/'.join(split_ref(kernel))}"
    with client() as asked:
        state = asked.run(kernel).state
        if session and not state.is_over:
            asked.cancel_session(session)
            how = How.ENDED
        elif not state.is_over:
            found = ways(asked, kernel, push_of(ledger, kernel))
            known = found.session
            how = end(asked, ledger, kernel, found, READY_SECONDS, Settling(settle, min(5.0, settle)))
        if how is not How.NOTHING:
            state = asked.run(kernel).state
    if as_json:
        told = {"kernel": kernel, "state": state.value, "asked": how is not How.NOTHING, "how": how.value}
        print_json({**told, "session": known, "page": address})
    else:
        click.echo(f"{kernel}: {_cancelled(state, how, known, address)}")
    return 0 if state.is_over or how is not How.NOTHING else 1


def _cancelled(state: RunState, how: How, session: int | None, address: str) -> str:
    if state.is_over or how.name == "ENDED":
        return state.value
    if how.name == "NOTHING":
        return f"is {state.value}, and Kaggle lets nobody end it from here; its page can: {address}"
    at_once = f"; `--session {session}` ends it at once" if session else f"; its page ends it at once: {address}"
    return f"{how.value}; it looks every minute, and leaves what it has as output{at_once}"
