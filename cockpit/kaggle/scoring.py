"""Brings the leaderboard's scores home: to the experiment that a submission was made of, and into its diary entry."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

from cockpit.diary.book import write_entry
from cockpit.kaggle.answers import Submission
from cockpit.kaggle.client import Client
from cockpit.kaggle.errors import HelperError, LateError, ThrottledError
from cockpit.kaggle.intents import DONE, Intent, Ledger
from cockpit.kaggle.pace import Pace
from cockpit.kaggle.retries import PASSING
from cockpit.kaggle.submitting import KIND
from cockpit.store.folder import FolderError, RunFolder, find_experiment
from cockpit.store.scores import scores
from cockpit.store.summary import add_score


@dataclass(frozen=True)
class Scored:
    """A submission of ours as the competition's list has it now; `listed` is None where the list lacks it.

    `recorded` are the scores that were new to its experiment.
    """

    intent: Intent
    listed: Submission | None
    recorded: tuple[float, ...] = ()

    @property
    def experiment(self) -> str:
        return str(self.intent.facts.get("experiment", ""))

    @property
    def trial(self) -> str:
        return str(self.intent.facts.get("trial", ""))

    @property
    def is_over(self) -> bool:
        return self.listed is not None and self.listed.state.is_over


def submitted(ledger: Ledger) -> list[Intent]:
    """Our submissions that Kaggle took, oldest first."""
    return [one for one in ledger.intents().values() if one.kind == KIND and one.phase == DONE]


def refresh(client: Client, logs: Path, made: Iterable[Intent]) -> list[Scored]:
    """Ask for the scores of these submissions, one call for each competition, and record what is new.

    Raises `KaggleError`, and `FolderError` where a score cannot be written.
    """
    made = list(made)
    lists = {competition: client.submissions(competition) for competition in {one.subject for one in made}}
    return [_recorded(logs, one, _match(one, lists[one.subject])) for one in made]


def wait(
    client: Client, logs: Path, ledger: Ledger, ids: set[str], pace: Pace, told: Callable[[str], None]
) -> list[Scored]:
    """Look at the account's pace until all these submissions are scored or failed; trouble that passes is told of."""
    while True:
        pace.wait()
        try:
            found = refresh(client, logs, [one for one in submitted(ledger) if one.id in ids])
        except (*PASSING, HelperError, LateError) as error:
            if isinstance(error, ThrottledError) and error.retry_after is not None:
                pace.defer(error.retry_after)
            told(str(error))
            continue
        if all(one.is_over for one in found):
            return found
        told("waiting for the score")


def _match(made: Intent, listed: list[Submission]) -> Submission | None:
    ref = made.result.get("ref")
    by_number = next((one for one in listed if ref and one.ref == ref), None)
    return by_number or next((one for one in listed if made.mark in one.description), None)


def _recorded(logs: Path, made: Intent, listed: Submission | None) -> Scored:
    found = Scored(made, listed)
    if listed is None or not found.experiment:
        return found
    try:
        run = find_experiment(logs, found.experiment)
    except FolderError:
        return found  # its folder is gone; the score has nowhere to go
    new = tuple(
        value
        for value, private in ((listed.public, False), (listed.private, True))
        if value is not None and _add(run, made, listed, value, private, found.trial)
    )
    if new:
        write_entry(logs, run)
    return Scored(made, listed, new)


def _add(run: RunFolder, made: Intent, listed: Submission, value: float, private: bool, trial: str) -> bool:
    """Record a score unless the newest one of this submission is the same."""
    note = f"submission {listed.ref} to {made.subject}"
    known = [one.value for one in scores(run) if one.note == note and one.private == private]
    if known and known[-1] == value:
        return False
    add_score(run, value, private, trial=trial, note=note)
    return True
