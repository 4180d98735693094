"""`cockpit rerun`: the same trial once more, and whether its numbers are the same."""

from __future__ import annotations

import shlex
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, TextIO

import click

from cockpit.cli.options import device_option, json_option, logs_option, print_json

if TYPE_CHECKING:
    from cockpit.engine.ending import Ending
    from cockpit.engine.observer import View
    from cockpit.engine.rerun import Again
    from cockpit.engine.rerun_result import Result
    from cockpit.store.folder import RunFolder

SAME, OTHER, CANNOT = 0, 1, 2
MOST_CHANGES = 12


@click.command()
@click.argument("trial", metavar="TRIAL")
@device_option(default=None, help="Another device than the first time.")
@click.option("--engine", type=click.Choice(["ray", "local"]), default="local", help="Local, unless you say so.")
@logs_option
@json_option
def rerun(trial: str, device: str | None, engine: str, logs: Path, as_json: bool) -> int:
    """Run TRIAL again as an experiment of its own, and say whether every number comes out the same.

    Configuration, seed, length, device and threads are those of the first time. On a CPU numbers are the same where
    all their bits are; elsewhere within a thousandth of the largest value that their metric had. Times do not count. A
    trial that was stopped early is compared up to there.

    Exits with 0 when they are the same, with 1 when not, and with 2 when it cannot be told: an experiment that was
    imported, a blend, or a setting that was changed by hand on the way.
    """
    from cockpit.engine.rerun import plan_again
    from cockpit.store.folder import find_trial

    again = plan_again(*find_trial(logs, trial), device, engine)
    if again.is_other_code():
        click.echo(f"cockpit: the code is not what it was for {again.name}, or that is not known", err=True)
    run, ending = _run(again, logs, quiet=as_json)
    if ending.status == "interrupted":
        return 130
    result = _result(again, run, logs)
    if as_json:
        print_json(_document(result))
    else:
        _tell(result)
    return {True: SAME, False: OTHER, None: CANNOT}[result.found.same]


def _run(again: Again, logs: Path, *, quiet: bool) -> tuple[RunFolder, Ending]:
    from cockpit.diary.book import write_entry
    from cockpit.engine.rerun import UpTo
    from cockpit.engine.sweep import Job, run_sweep

    def make_view(run: RunFolder, terminal: TextIO) -> View:
        return UpTo(run, again)

    def announce(run: RunFolder) -> None:
        write_entry(logs, run)
        if not quiet:
            click.echo(f"{run.name}: {again.plan.search.note}")

    job = Job(again.plan, logs, shlex.join(["cockpit", *sys.argv[1:]]), rerun_of=again.name)
    return run_sweep(job, make_view, announce)


def _result(again: Again, run: RunFolder, logs: Path) -> Result:
    """What came of it, kept in the record of the new experiment and in the diary."""
    from cockpit.checks.kept import keep
    from cockpit.diary.book import write_entry
    from cockpit.engine.rerun_result import result_of

    result = result_of(again, run)
    keep(run, "t000", [result.found.finding])
    write_entry(logs, run)
    return result


def _tell(result: Result) -> None:
    again, found, changes = result.again, result.found, result.changes
    click.echo(f"{again.name} again as {result.run.id}: {found.text}")
    if found.left_out:
        click.echo(f"left out, because they tell of the machine: {', '.join(found.left_out)}")
    if again.remark:
        click.echo(again.remark)
    if found.same is False and found.largest:
        click.echo(f"largest difference: {found.largest:.2g} of the largest value of its metric")
    for change in changes[:MOST_CHANGES]:
        click.echo(f"changed: {change}")
    if len(changes) > MOST_CHANGES:
        click.echo(f"changed: {len(changes) - MOST_CHANGES} more, all in --json")
    if found.same is False and not changes:
        click.echo("changed: nothing that is recorded; perhaps the order in which threads work, or data from outside")


def _document(result: Result) -> dict[str, Any]:
    from cockpit.store.document import plain

    found = result.found
    first = found.first
    document = {
        "trial": result.again.name,
        "rerun": f"{result.run.id}/t000",
        "same": found.same,
        "text": found.text,
        "numbers": found.numbers,
        "different": found.different,
        "missing": found.missing,
        "up_to_step": found.up_to,
        "tolerance": found.tolerance,
        "largest": found.largest,
        "first": None if first is None else {**first.place._asdict(), "was": first.was, "now": first.now},
        "left_out": list(found.left_out),
        "why": found.why,
        "remark": result.again.remark,
        "changed": [change._asdict() for change in result.changes],
    }
    return dict(plain(document))
