"""`cockpit kaggle follow`: a run that was pushed from here appears here as an experiment."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from cockpit.cli.kaggle import client
from cockpit.cli.options import json_option, logs_option, print_json

if TYPE_CHECKING:
    from cockpit.kaggle.answers import Run
    from cockpit.kaggle.client import Client
    from cockpit.kaggle.following import Record
    from cockpit.kaggle.intents import Intent, Ledger
    from cockpit.store.folder import RunFolder


@click.command()
@click.argument("kernel", metavar="[OWNER/KERNEL]", required=False)
@logs_option
@json_option
def follow(kernel: str | None, logs: Path, as_json: bool) -> int:
    """Follow a run that was pushed from here, as an experiment of this logs folder, until it is over.

    Without OWNER/KERNEL, the newest one. It may be ended and started again: nothing comes twice. One process follows a
    run; another one is told so. A prediction with --infer is no experiment: what it prints is shown.
    """
    from cockpit.kaggle.intents import Ledger

    ledger = Ledger(logs)
    made = find_push(ledger, kernel)
    with client() as asked:
        return follow_push(asked, logs, ledger, made, as_json)


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


def follow_push(asked: Client, logs: Path, ledger: Ledger, made: Intent, as_json: bool) -> int:
    """Follow the run of a push to its end; 0 where it is complete and got what it asked for. Raises `FolderError`."""
    from cockpit.kaggle.followers import sole_follower
    from cockpit.kaggle.following import Record, follow
    from cockpit.store.folder import find_experiment

    kernel = str(made.result["kernel"])
    with sole_follower(logs, made.id, kernel):
        # What another follower wrote before this one had its turn.
        made = ledger.intents().get(made.id, made)
        known = made.result.get("experiment")
        told = _Teller(ledger, made, quiet=as_json)
        record = Record(logs, find_experiment(logs, str(known)) if known else None, told.claimed)
        try:
            for _ in follow(asked.log(kernel), record, told):
                pass
            run = asked.run(kernel)
            _end(record, run)
        finally:
            record.flush()
        if record.run is not None:
            _finish(logs, record.run)
    _tell_end(kernel, record.run, run, told, as_json)
    return 0 if run.state.value == "complete" and not told.mismatch and not told.failed else 1


def _end(record: Record, run: Run) -> None:
    if run.state.value != "complete":
        record.end("interrupted", f"the run at Kaggle: {run.state.value} {run.failure}".strip())
    else:
        record.end("interrupted", "the run at Kaggle is complete, and its log lacks the end")


def _tell_end(kernel: str, found: RunFolder | None, run: Run, told: _Teller, as_json: bool) -> None:
    why = told.failed or run.failure
    if as_json:
        document = {"kernel": kernel, "experiment": found.id if found else None, "state": run.state.value}
        print_json({**document, "failure": why, "receipt": told.got, "mismatch": told.mismatch})
    else:
        click.echo(f"{kernel}: {run.state.value}{' ' if why else ''}{why}")


def _finish(logs: Path, run: RunFolder) -> None:
    from cockpit.diary.book import write_entry
    from cockpit.store.summary import write_summary

    write_summary(run)
    write_entry(logs, run)


class _Teller:
    """Shows what a run prints, and writes down what it got."""

    def __init__(self, ledger: Ledger, made: Intent, quiet: bool) -> None:
        self._ledger = ledger
        self._made = made
        self._quiet = quiet
        self.got: Mapping[str, Any] = {}
        self.mismatch = self.failed = ""

    def line(self, text: str) -> None:
        from cockpit.events.redaction import redacted
        from cockpit.events.text import safe_text

        if not self._quiet:
            click.echo(redacted(safe_text(text)))

    def receipt(self, said: Mapping[str, Any]) -> None:
        from cockpit.kaggle.receipts import kept, mismatch

        self.got, self.mismatch = said, mismatch(said)
        self._write(receipt=kept(said))
        self.line(f"runs on {said.get('count')} × {said.get('device')}, Python {said.get('python')}")
        if self.mismatch:
            kernel = self._made.result["kernel"]
            click.echo(f"{self.mismatch}: stop it? `cockpit kaggle cancel {kernel}`", err=True)

    def failure(self, why: str) -> None:
        from cockpit.events.redaction import redacted
        from cockpit.events.text import one_line

        self.failed = redacted(one_line(why))

    def claimed(self, run: RunFolder) -> None:
        self._write(experiment=run.id)
        self.line(f"{self._made.result['kernel']} is {run.id} here")

    def _write(self, **result: Any) -> None:
        """Once: a log is heard from its beginning each time."""
        from cockpit.kaggle.intents import DONE

        if any(self._made.result.get(key) != value for key, value in result.items()):
            self._made = self._ledger.write(self._made, DONE, **result)
