"""Submits to a competition, once: a file, or what a version of a kernel put out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

from cockpit.kaggle.answers import RemoteFile, Submission
from cockpit.kaggle.client import Client
from cockpit.kaggle.errors import OversizeError, RefusedError
from cockpit.kaggle.intents import Change, Intent, Ledger, Outcome, Settling, once
from cockpit.kaggle.places import inside
from cockpit.kaggle.states import RunState
from cockpit.kaggle.sums import sha256

KIND = "submission"
LARGEST = 512 << 20  # bytes of a kernel's output that are fetched to be checked
LONGEST_MESSAGE = 400  # characters, so that the mark behind it is kept whole


class UncheckedError(Exception):
    """What a kernel put out cannot be looked at before it is submitted; the message says why."""


@dataclass(frozen=True)
class FromFile:
    """A file on this machine."""

    path: Path

    @property
    def content(self) -> str:
        return sha256(self.path)

    @property
    def facts(self) -> Mapping[str, Any]:
        return {"file": str(self.path)}

    @property
    def name(self) -> str:
        """As people are told of it."""
        return str(self.path)

    def fetch(self, client: Client, folder: Path) -> Path:
        """The file, which is here."""
        return self.path

    def prepare(self, client: Client, competition: str) -> str:
        return client.upload_submission(competition, self.path)

    def send(self, client: Client, competition: str, token: str, description: str) -> int:
        return client.create_submission(competition, token, description)


@dataclass(frozen=True)
class FromKernel:
    """The file `output` of a version of the kernel `owner/slug`."""

    kernel: str
    version: int
    output: str

    @property
    def content(self) -> str:
        return f"{self.kernel} {self.version} {self.output}"

    @property
    def facts(self) -> Mapping[str, Any]:
        return {"kernel": self.kernel, "version": self.version, "output": self.output}

    @property
    def name(self) -> str:
        """As people are told of it."""
        return self.output

    def prepare(self, client: Client, competition: str) -> str:
        """Look whether the run is over and left the file. Raises `RefusedError`."""
        run = client.run(self.kernel)
        if run.state not in (RunState.COMPLETE, RunState.UNKNOWN):
            failure = f" ({run.failure})" if run.failure else ""
            raise RefusedError(f"{self.kernel}: is {run.state.value}{failure}; submit it when its run is complete")
        names = [PurePosixPath(file.name).name for file in client.outputs(self.kernel)]
        if run.state is RunState.COMPLETE and self.output not in names:
            raise RefusedError(f"{self.kernel}: put out no {self.output}; it has {', '.join(names[:5]) or 'no files'}")
        return ""

    def fetch(self, client: Client, folder: Path) -> Path:
        """The file, fetched into `folder`. Raises `RefusedError` as `prepare` does, and `UncheckedError`.

        The service lists the output of the newest version alone.
        """
        self.prepare(client, "")
        newest = client.kernel_version(self.kernel)
        if newest != self.version:
            raise UncheckedError(f"version {newest} is newer than {self.version}, and its output hides that one's")
        if not self.output.lower().endswith(".csv"):
            raise UncheckedError("it is no CSV file")
        for file in client.outputs(self.kernel):
            if PurePosixPath(file.name).name == self.output:
                path = inside(folder, self.output)
                return self._fetch(client, file, path)
        raise UncheckedError("it is not in the list of what the kernel put out")

    def _fetch(self, client: Client, file: RemoteFile, path: Path) -> Path:
        try:
            client.fetch(file, path, most=LARGEST)
        except OversizeError as error:
            raise UncheckedError(str(error)) from None
        return path

    def send(self, client: Client, competition: str, token: str, description: str) -> int:
        return client.create_code_submission(competition, self.kernel, self.version, self.output, description)


Source = FromFile | FromKernel


def submit(
    client: Client,
    ledger: Ledger,
    competition: str,
    source: Source,
    message: str,
    *,
    experiment: str,
    trial: str,
    again: bool = False,
    settling: Settling | None = None,
) -> Outcome[Submission]:
    """Submit, unless this very thing was submitted before; with `again` also then.

    The description is the message with the intent's mark. Raises `RefusedError` and what `intents.once` raises.
    """
    settling = settling or Settling()
    message = message[:LONGEST_MESSAGE].strip()
    facts = {"experiment": experiment, "trial": trial, "message": message, **source.facts}
    made = ledger.intent(KIND, competition, source.content, facts, again)
    description = f"{message} {made.mark}".strip()

    def send(_: Intent, token: str) -> Mapping[str, Any]:
        ref = source.send(client, competition, token, description)
        return {"ref": ref} if ref else {}

    change = Change(
        find=lambda made: find(client, competition, made.mark),
        prepare=lambda: _prepared(client, competition, source),
        send=send,
        record=lambda found: {"ref": found.ref},
    )
    return once(ledger, made, change, settling)


def find(client: Client, competition: str, mark: str) -> Submission | None:
    """The submission with this mark in its description."""
    return next((one for one in client.submissions(competition) if mark in one.description), None)


def _prepared(client: Client, competition: str, source: Source) -> str:
    limits = client.limits(competition)
    if limits.allowed_now <= 0:
        raise RefusedError(
            f"{competition}: no submission is left today ({limits.today} were made); nothing was submitted"
        )
    return source.prepare(client, competition)
