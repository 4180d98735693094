"""`cockpit kaggle submit`: checks, submits once, and brings the score home."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from cockpit.cli.kaggle import client, score_cell, scored_document
from cockpit.cli.options import json_option, logs_option, print_json

if TYPE_CHECKING:
    from cockpit.kaggle.answers import Limits, Submission
    from cockpit.kaggle.client import Client
    from cockpit.kaggle.intents import Ledger, Outcome
    from cockpit.kaggle.scoring import Scored
    from cockpit.kaggle.submitting import Source
    from cockpit.store.folder import RunFolder

SAMPLE, FILE = "sample_submission.csv", "submission.csv"


@click.command()
@click.argument("name", metavar="EXP|TRIAL")
@click.option("-c", "--competition", required=True, metavar="NAME", help="As it stands in the competition's address.")
@click.option("-f", "--file", type=click.Path(path_type=Path), help="The CSV file; by default the trial's own.")
@click.option("-k", "--kernel", metavar="OWNER/NAME", help="Submit what this kernel put out, for a code competition.")
@click.option("-v", "--version", type=click.IntRange(min=1), help="The kernel's version.")
@click.option("--output", default=FILE, show_default=True, help="The file that the kernel put out.")
@click.option("-m", "--message", default="", metavar="TEXT", help="The description; the trial's name by default.")
@click.option("--sample", type=click.Path(path_type=Path), help=f"The {SAMPLE} to check against.")
@click.option("--again", is_flag=True, help="Submit even what was submitted before.")
@click.option("--dry-run", is_flag=True, help="Check everything, and submit nothing.")
@click.option("--no-wait", is_flag=True, help="Do not wait for the score; `cockpit kaggle scores` fetches it.")
@click.option("--every", type=click.FloatRange(min=0), default=30.0, hidden=True, help="Seconds between two looks.")
@click.option("--settle", type=click.FloatRange(min=0), default=90.0, hidden=True, help="Seconds that a list may lag.")
@logs_option
@json_option
def submit(
    name: str,
    competition: str,
    file: Path | None,
    kernel: str | None,
    version: int | None,
    output: str,
    message: str,
    sample: Path | None,
    again: bool,
    dry_run: bool,
    no_wait: bool,
    every: float,
    settle: float,
    logs: Path,
    as_json: bool,
) -> int:
    """Submit the predictions of a trial, or of an experiment's best trial, and wait for the score.

    Columns, ids, rows and values are checked against the competition's sample first. The same thing is never submitted
    twice, whatever breaks on the way: asking again looks first. Scores go to the experiment and into its diary entry.
    """
    from cockpit.cli.pictures import draw_gap
    from cockpit.kaggle.intents import Ledger, Settling
    from cockpit.kaggle.submitting import submit
    from cockpit.store.naming import named_trial

    run, trial = named_trial(logs, name)
    source = _source(run, trial, file, kernel, version, output)
    say = _silent if as_json else click.echo
    with client() as asked:
        _check(asked, competition, source, sample, _data(run), say)
        limits = asked.limits(competition)
        say(_limits_line(competition, limits))
        if dry_run:
            say("nothing was submitted: --dry-run")
            if as_json:
                print_json({"competition": competition, "dry_run": True, "allowed_now": limits.allowed_now})
            return 0
        ledger = Ledger(logs)
        outcome = submit(
            asked,
            ledger,
            competition,
            source,
            message or f"{run.id}/{trial}",
            experiment=run.id,
            trial=trial,
            again=again,
            settling=Settling(settle, min(5.0, settle)),
        )
        say(_outcome_line(competition, outcome))
        found = _scores(asked, logs, ledger, outcome, no_wait, every)
    if found.recorded:
        draw_gap(logs)
    return _finish(found, outcome, no_wait, as_json)


def _silent(text: str) -> None:
    """For a document and nothing else."""


def _source(
    run: RunFolder, trial: str, file: Path | None, kernel: str | None, version: int | None, output: str
) -> Source:
    from cockpit.kaggle.submitting import FromFile, FromKernel
    from cockpit.store.folder import FolderError

    if kernel:
        if file or not version:
            raise click.UsageError("--kernel OWNER/NAME goes with --version N, and without --file")
        return FromKernel(kernel, version, output)
    path = file or run.trial(trial).path / _saved(run, trial)
    if not path.is_file():
        raise FolderError(f"{path}: there is no such file; name the submission with --file, or a kernel with --kernel")
    return FromFile(path)


def _saved(run: RunFolder, trial: str) -> str:
    """Where the trial's record says that its submission is."""
    from cockpit.store.reader import Index

    with Index(run) as index:
        return index.saved(trial).get(Path(FILE).stem, FILE)


def _data(run: RunFolder) -> Path:
    from cockpit.store.reader import Index

    with Index(run) as index:
        return Path(index.sweep().data or ".")


def _check(asked: Client, competition: str, source: Source, sample: Path | None, data: Path, say: Any) -> None:
    """The check before anything is sent, of what a kernel put out as well."""
    import tempfile

    from cockpit.kaggle.preflight import check_submission
    from cockpit.kaggle.submitting import UncheckedError
    from cockpit.store.numbers import counted

    with tempfile.TemporaryDirectory() as folder:
        try:
            path = source.fetch(asked, Path(folder))
        except UncheckedError as why:
            say(f"{source.name}: not checked, because {why}")
            return
        found = check_submission(path, _sample(asked, competition, sample, data, Path(folder) / "sample"))
    say(f"{source.name}: {counted(found.rows, 'row')}, {counted(len(found.columns), 'column')} as in {SAMPLE}")


def _sample(asked: Client, competition: str, sample: Path | None, data: Path, folder: Path) -> Path:
    """The competition's sample: the one that was named, that lies with the data, or that the service has."""
    from cockpit.kaggle.errors import NotFoundError
    from cockpit.kaggle.preparing import fetch_one
    from cockpit.store.folder import FolderError

    if sample is not None:
        return sample
    for place in (data / SAMPLE, Path("data") / competition / SAMPLE):
        if place.is_file():
            return place
    try:
        return fetch_one(asked, competition, SAMPLE, folder)
    except NotFoundError:
        raise FolderError(f"{competition}: has no {SAMPLE}; name a file to check against with --sample") from None


def _limits_line(competition: str, limits: Limits) -> str:
    return f"{competition}: {limits.today} submitted today, {limits.allowed_now} left"


def _outcome_line(competition: str, outcome: Outcome[Submission]) -> str:
    ref = outcome.listed.ref if outcome.listed else outcome.intent.result.get("ref", "?")
    if not outcome.is_new:
        return f"{competition}: was submitted before as {ref}, and not again; --again does"
    unseen = "" if outcome.listed else "; Kaggle took it, and its list does not show it yet"
    return f"{competition}: submitted as {ref}{unseen}"


def _scores(
    asked: Client, logs: Path, ledger: Ledger, outcome: Outcome[Submission], no_wait: bool, every: float
) -> Scored:
    from cockpit.engine.locks import private_folder
    from cockpit.kaggle.pace import Pace
    from cockpit.kaggle.scoring import refresh, wait

    if no_wait:
        return refresh(asked, logs, [outcome.intent])[0]
    pace = Pace(private_folder("kaggle"), asked.user, every, max(every, min(120.0, every * 4)))
    told: set[str] = set()

    def tell(text: str) -> None:
        if text not in told:
            told.add(text)
            click.echo(text, err=True)

    return wait(asked, logs, ledger, {outcome.intent.id}, pace, tell)[0]


def _finish(found: Scored, outcome: Outcome[Submission], no_wait: bool, as_json: bool) -> int:
    listed = found.listed
    if as_json:
        print_json({**scored_document(found), "new": outcome.is_new})
    elif listed is not None and (listed.public is not None or listed.private is not None):
        told = {"LB": listed.public, "private LB": listed.private}
        text = " · ".join(f"{name} {score_cell(value)}" for name, value in told.items() if value is not None)
        click.echo(f"{found.experiment}: {text}; it stands in the diary")
    elif listed is not None:
        click.echo(f"{found.experiment}: {listed.state.value}{': ' if listed.error else ''}{listed.error}")
    return 1 if listed is not None and listed.state.value == "error" else 0
