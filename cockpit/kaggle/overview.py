"""All that an account has to do with a logs folder, at a glance: quota, runs, submissions, what is left for today."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from cockpit.kaggle import pushing, scoring, submitting
from cockpit.kaggle.answers import Limits, Quota, Run
from cockpit.kaggle.client import Client
from cockpit.kaggle.errors import GarbledError, LateError, RefusedError
from cockpit.kaggle.intents import DONE, Intent, Ledger
from cockpit.kaggle.marked import RECEIPT, Lines, parsed
from cockpit.kaggle.receipts import kept, mismatch
from cockpit.kaggle.scoring import Scored
from cockpit.kaggle.states import RunState

MOST_RUNS = 20  # that are asked after, the newest ones


@dataclass(frozen=True)
class SentRun:
    """A search that was pushed. `run` is None until Kaggle was asked after it.

    `receipt` says what the run really got, None while that is not known; it is empty where the run does not tell.
    `trouble` is why nothing was heard of it.
    """

    intent: Intent
    run: Run | None = None
    receipt: Mapping[str, Any] | None = None
    trouble: str = ""

    @property
    def kernel(self) -> str:
        return str(self.intent.result.get("kernel", ""))

    @property
    def experiment(self) -> str:
        """What it is called here; empty while nobody followed it."""
        return str(self.intent.result.get("experiment", ""))

    @property
    def is_over(self) -> bool:
        return self.run is not None and self.run.state.is_over

    @property
    def mismatch(self) -> str:
        return mismatch(self.receipt) if self.receipt else ""


@dataclass(frozen=True)
class Overview:
    """What was heard last, newest first. `limits` are those of competitions, by their names."""

    user: str = ""
    quota: Quota | None = None
    runs: tuple[SentRun, ...] = ()
    submissions: tuple[Scored, ...] = ()
    limits: Mapping[str, Limits] = field(default_factory=dict)


def known(logs: Path, before: Overview) -> Overview:
    """What the logs folder tells by itself, with what was heard `before`."""
    intents = [*Ledger(logs).intents().values()][::-1]
    heard = {one.intent.id: one for one in before.runs}
    listed = {one.intent.id: one.listed for one in before.submissions}
    return replace(
        before,
        runs=tuple(_known_run(one, heard.get(one.id)) for one in intents if one.kind == pushing.KIND),
        submissions=tuple(Scored(one, listed.get(one.id)) for one in intents if one.kind == submitting.KIND),
    )


def _known_run(made: Intent, before: SentRun | None) -> SentRun:
    receipt = made.result.get("receipt")
    found = before or SentRun(made)
    return replace(found, intent=made, receipt=receipt if isinstance(receipt, dict) else found.receipt)


def look(client: Client, logs: Path, before: Overview) -> Iterator[Overview]:
    """Ask Kaggle for everything, and come back after each answer. Runs that are over are not asked after again.

    New scores go to their experiments. What concerns one run or one competition is told with it; raises `KaggleError`
    for what concerns all, and `FolderError`.
    """
    found = replace(known(logs, before), user=client.user)
    yield found
    found = replace(found, quota=client.quota())
    yield found
    for place, run in enumerate(found.runs[:MOST_RUNS]):
        if run.intent.phase == DONE and (not run.is_over or run.receipt is None):
            asked = _asked_run(client, Ledger(logs), run)
            found = replace(found, runs=(*found.runs[:place], asked, *found.runs[place + 1 :]))
            yield found
    taken = [one.intent for one in found.submissions if one.intent.phase == DONE]
    for competition in dict.fromkeys(one.subject for one in taken):
        found = _scored(client, logs, found, competition, [one for one in taken if one.subject == competition])
        yield found


def _asked_run(client: Client, ledger: Ledger, sent: SentRun) -> SentRun:
    try:
        run = sent.run if sent.run is not None and sent.is_over else client.run(sent.kernel)
    except RefusedError as error:
        return replace(sent, trouble=str(error))
    receipt = sent.receipt
    if receipt is None and run.state is not RunState.QUEUED:
        receipt = _receipt(client, sent.kernel)
        if receipt:
            ledger.write(sent.intent, DONE, receipt=dict(receipt))
        elif not run.state.is_over:
            receipt = None  # it may come yet
    return replace(sent, run=run, receipt=receipt, trouble="")


def _receipt(client: Client, kernel: str) -> Mapping[str, Any]:
    """What a run wrote first of all; empty where its log does not have it."""
    lines = Lines()
    try:
        log = client.log_so_far(kernel)
    except (RefusedError, GarbledError, LateError):
        return {}  # it says how a run does, and is not worth that nothing is heard of all others
    for event in log:
        for line in lines.feed(event):
            said = parsed(line)
            if said is not None and said.get("kind") == RECEIPT:
                return kept(said)
    return {}


def _scored(client: Client, logs: Path, found: Overview, competition: str, made: list[Intent]) -> Overview:
    try:
        limits = {**found.limits, competition: client.limits(competition)}
        scored = {one.intent.id: one for one in scoring.refresh(client, logs, made)}
    except RefusedError:
        return found  # a competition that is closed or was left; what is known of it stays
    submissions = tuple(scored.get(one.intent.id, one) for one in found.submissions)
    return replace(found, limits=limits, submissions=submissions)
