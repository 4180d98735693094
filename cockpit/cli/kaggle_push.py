"""`cockpit kaggle push` and `follow`: a search runs at Kaggle, and appears here as an experiment."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from cockpit.cli.kaggle import client
from cockpit.cli.options import Duration, json_option, logs_option, print_facts, print_json

if TYPE_CHECKING:
    from cockpit.kaggle.client import Client
    from cockpit.kaggle.intents import Intent, Ledger, Outcome
    from cockpit.kaggle.pushing import Plan
    from cockpit.store.folder import RunFolder

NINE_HOURS = (9 * 3600.0, "9h")


@click.command()
@click.argument("search")
@click.option("-a", "--accelerator", default="", metavar="NAME", help="NvidiaTeslaT4, TpuV5E8 …; none is a CPU.")
@click.option("-c", "--competition", "competitions", multiple=True, metavar="NAME", help="Mount its data.")
@click.option("-d", "--dataset", "datasets", multiple=True, metavar="OWNER/NAME", help="Mount this dataset.")
@click.option("--data", default="", metavar="NAME", help="Which of them is --data; not needed where there is one.")
@click.option("--trials", type=click.IntRange(min=1), help="As for `cockpit sweep`.")
@click.option("--epochs", type=click.FloatRange(min=0), help="As for `cockpit sweep`.")
@click.option("--set", "settings", multiple=True, metavar="KEY=VALUE", help="As for `cockpit sweep`.")
@click.option("--timeout", type=Duration(), help="End the run after this time; 9h by default.")
@click.option("--internet", is_flag=True, help="Let the run use the network.")
@click.option("--include", type=click.Path(path_type=Path), multiple=True, help="Your own code: a file or a folder.")
@click.option(
    "--wheel", "wheels", type=click.Path(path_type=Path, exists=True), multiple=True, help="Install it there."
)
@click.option("--again", is_flag=True, help="Push even what was pushed before.")
@click.option("--dry-run", is_flag=True, help="Show what would go up, and push nothing.")
@click.option("--follow", "follows", is_flag=True, help="Then follow the run, as `cockpit kaggle follow` does.")
@click.option("--settle", type=click.FloatRange(min=0), default=90.0, hidden=True, help="Seconds that a list may lag.")
@logs_option
@json_option
def push(
    search: str,
    accelerator: str,
    competitions: tuple[str, ...],
    datasets: tuple[str, ...],
    data: str,
    trials: int | None,
    epochs: float | None,
    settings: tuple[str, ...],
    timeout: tuple[float, str] | None,
    internet: bool,
    include: tuple[Path, ...],
    wheels: tuple[Path, ...],
    again: bool,
    dry_run: bool,
    follows: bool,
    settle: float,
    logs: Path,
    as_json: bool,
) -> int:
    """Run a search at Kaggle.

    The code of the cockpit and the search go up as a private dataset, once for each version of them, and a kernel that
    runs them as a private script. The same push is never made twice, whatever breaks on the way.
    """
    from cockpit.kaggle.intents import Ledger, Settling
    from cockpit.kaggle.pushing import Wanted, plan, push, with_folder
    from cockpit.search.find import find_search

    options = {"--trials": trials, "--epochs": epochs}
    arguments = [word for name, value in options.items() if value is not None for word in (name, str(value))]
    arguments += [word for pair in settings for word in ("--set", pair)]
    wanted = Wanted(
        search=find_search(search, Path.cwd()),
        arguments=tuple(arguments),
        accelerator=accelerator,
        competitions=competitions,
        datasets=datasets,
        data=data,
        internet=internet,
        timeout=int((timeout or NINE_HOURS)[0]),
        include=include,
        wheels=wheels,
    )
    logs.mkdir(parents=True, exist_ok=True)
    ledger = Ledger(logs)
    with client() as asked, with_folder() as folder:
        planned = plan(asked.user, ledger, wanted, Path(folder), again)
        if dry_run:
            _show_plan(planned, as_json)
            return 0
        outcome = push(asked, ledger, planned, 600.0, Settling(settle, min(5.0, settle)))
        code = _tell_push(outcome, as_json and not follows)
        return _follow(asked, logs, ledger, outcome.intent, as_json) if follows and not code else code


def _show_plan(planned: Plan, as_json: bool) -> None:
    files = [path.name for path in planned.bundle.files]
    settings = {key: value for key, value in planned.body.items() if key != "text"}
    if as_json:
        document = {"dataset": planned.dataset, "files": files, "code": list(planned.bundle.sources)}
        print_json({**document, "kernel": settings, "script": planned.body["text"]})
        return
    print_facts({"dataset": planned.dataset, "files": ", ".join(files), **{k: str(v) for k, v in settings.items()}})
    for name in planned.bundle.sources:
        click.echo(f"  {name}")


def _tell_push(outcome: Outcome[int], as_json: bool) -> int:
    result = outcome.intent.result
    invalid = str(result.get("invalid") or "")
    if as_json:
        told = {"kernel": result.get("kernel"), "version": result.get("version"), "new": outcome.is_new}
        print_json({**told, "invalid": invalid})
    else:
        how = "pushed" if outcome.is_new else "was pushed before, and not again; --again does"
        click.echo(f"{result.get('kernel')}: {how}", err=False)
    if invalid:
        click.echo(
            f"the run started without some of its data: {invalid}; end it with `cockpit kaggle cancel`", err=True
        )
    return 1 if invalid else 0


@click.command()
@click.argument("kernel", metavar="[OWNER/KERNEL]", required=False)
@logs_option
@json_option
def follow(kernel: str | None, logs: Path, as_json: bool) -> int:
    """Follow a run that was pushed from here, as an experiment of this logs folder, until it is over.

    Without OWNER/KERNEL, the newest one. It may be ended and started again: nothing comes twice.
    """
    from cockpit.kaggle.intents import Ledger

    ledger = Ledger(logs)
    made = find_push(ledger, kernel)
    with client() as asked:
        return _follow(asked, logs, ledger, made, as_json)


def find_push(ledger: Ledger, kernel: str | None) -> Intent:
    """The push of a kernel, or the newest one. Raises `FolderError`."""
    from cockpit.kaggle.pushing import pushed
    from cockpit.store.folder import FolderError

    known = pushed(ledger)
    found = [one for one in known if kernel is None or one.result.get("kernel") == kernel]
    if not found:
        what = f"{kernel} was not pushed from here" if kernel else "nothing was pushed from here"
        raise FolderError(f"{what}; `cockpit kaggle push SEARCH` does, `cockpit kaggle logs` reads any kernel's log")
    return found[-1]


def _follow(asked: Client, logs: Path, ledger: Ledger, made: Intent, as_json: bool) -> int:
    from cockpit.kaggle.following import Record, follow
    from cockpit.kaggle.intents import DONE
    from cockpit.store.folder import find_experiment

    kernel = str(made.result["kernel"])
    known = made.result.get("experiment")
    record = Record(logs, find_experiment(logs, str(known)) if known else None)
    told = _Teller(quiet=as_json)
    try:
        for _ in follow(asked.log(kernel), record, told.line, told.receipt):
            if record.run is not None and not known:
                known = record.run.id
                ledger.write(made, DONE, experiment=known)
                told.line(f"{kernel} is {known} here")
        run = asked.run(kernel)
        if run.state.value != "complete":
            record.end("interrupted", f"the run at Kaggle: {run.state.value} {run.failure}".strip())
        else:
            record.end("interrupted", "the run at Kaggle is complete, and its log lacks the end")
    finally:
        record.flush()
    if record.run is not None:
        _finish(logs, record.run)
    if as_json:
        document = {"kernel": kernel, "experiment": known, "state": run.state.value, "failure": run.failure}
        print_json({**document, "receipt": told.got, "mismatch": told.mismatch})
    else:
        click.echo(f"{kernel}: {run.state.value}{' ' if run.failure else ''}{run.failure}")
    return 0 if run.state.value == "complete" and not told.mismatch else 1


def _finish(logs: Path, run: RunFolder) -> None:
    from cockpit.diary.book import write_entry
    from cockpit.store.summary import write_summary

    write_summary(run)
    write_entry(logs, run)


class _Teller:
    """What a run prints, and what it got."""

    def __init__(self, quiet: bool) -> None:
        self._quiet = quiet
        self.got: Mapping[str, Any] = {}
        self.mismatch = ""

    def line(self, text: str) -> None:
        from cockpit.events.redaction import redacted
        from cockpit.events.text import safe_text

        if not self._quiet:
            click.echo(redacted(safe_text(text)))

    def receipt(self, said: Mapping[str, Any]) -> None:
        from cockpit.kaggle.pushing import mismatch

        self.got, self.mismatch = said, mismatch(said)
        self.line(f"runs on {said.get('count')} × {said.get('device')}, Python {said.get('python')}")
        if self.mismatch:
            click.echo(f"{self.mismatch}: stop it? `cockpit kaggle cancel` says how", err=True)
