"""What is about to be changed at Kaggle, written down before it is tried: so that a crash on either side never does it
twice, and never loses it.

`logs/kaggle.jsonl` gets a line when an intent is `planned`, one right before it is `sending`, and one when it is `done`
or was `refused`. An intent's id follows from what it is, and it is written into the description of what is made, so
that the service's own list tells whether it is there; the list is asked before anything is sent, and after every call
whose outcome is not certain.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Generic, TypeVar

from cockpit.kaggle.errors import KaggleError, UnsettledError
from cockpit.store.folder import FolderError
from cockpit.store.lines import append_line

FILE, LOCK = "kaggle.jsonl", ".kaggle.lock"
PLANNED, SENDING, DONE, REFUSED = "planned", "sending", "done", "refused"
T = TypeVar("T")


@dataclass(frozen=True)
class Intent:
    """One change. `facts` say what of, `result` what came of it; `began` is when its first line was written, `at` when
    its newest was."""

    id: str
    kind: str
    subject: str
    facts: Mapping[str, Any]
    phase: str = PLANNED
    result: Mapping[str, Any] = field(default_factory=dict)
    at: float = 0.0
    began: float = 0.0

    @property
    def mark(self) -> str:
        """What is put into descriptions, to be found again."""
        return f"[ck-{self.id}]"


def intent(kind: str, subject: str, content: str, **facts: Any) -> Intent:
    """The intent to make `kind` at `subject` of `content`; the same one each time."""
    told = json.dumps([kind, subject, content])
    return Intent(hashlib.sha256(told.encode()).hexdigest()[:12], kind, subject, facts)


class Ledger:
    """The intents of a logs folder. Any process may append to it; changes are made one after the other."""

    def __init__(self, logs: Path) -> None:
        self._path = logs / FILE
        self._lock = logs / LOCK

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Whoever changes something holds this from its first look to its last line."""
        try:
            file = self._lock.open("w")
        except OSError as error:
            raise FolderError(
                f"{self._lock}: cannot be written ({error.strerror}); name a folder with --logs"
            ) from None
        with file:
            fcntl.flock(file, fcntl.LOCK_EX)
            yield

    def intent(self, kind: str, subject: str, content: str, facts: Mapping[str, Any], again: bool) -> Intent:
        """The intent to make `kind` at `subject` of `content`; `again`, the first one after those that are done."""
        made, known, number = intent(kind, subject, content, **facts), self.intents(), 0
        while again and made.id in known and known[made.id].phase == DONE:
            number += 1
            made = intent(kind, subject, f"{content} {number}", **facts)
        return made

    def intents(self) -> dict[str, Intent]:
        """All intents as they stand, oldest first, by id. Lines that are none are passed over."""
        try:
            lines = self._path.read_bytes().split(b"\n")
        except OSError:
            return {}
        found: dict[str, Intent] = {}
        for line in lines:
            known = _parsed(line, found)
            if known is not None:
                found[known.id] = known
        return found

    def write(self, made: Intent, phase: str, **result: Any) -> Intent:
        """Append the new phase of an intent, down to the disk. Raises `FolderError`."""
        at = time.time()
        now = replace(made, phase=phase, result={**made.result, **result}, at=at, began=made.began or at)
        said: dict[str, Any] = {"intent": now.id, "phase": phase, "at": now.at}
        if phase == PLANNED:
            said |= {"kind": now.kind, "subject": now.subject, "facts": dict(now.facts)}
        if result:
            said["result"] = result
        try:
            append_line(self._path, said)
            descriptor = os.open(self._path, os.O_RDONLY)
            try:
                os.fsync(descriptor)
            finally:
                os.close(descriptor)
        except OSError as error:
            raise FolderError(f"{self._path}: cannot be written ({error.strerror}), so nothing is sent") from None
        return now


@dataclass(frozen=True)
class Outcome(Generic[T]):
    """What an intent came to. `is_new` is false where it had been done before, `listed` what the service's list shows:
    None while it lacks it."""

    intent: Intent
    listed: T | None
    is_new: bool


@dataclass(frozen=True)
class Settling:
    """How long the service's list may be behind: it is looked at every `every` seconds for `seconds` after a call."""

    seconds: float = 90.0
    every: float = 5.0
    sleep: Callable[[float], None] = time.sleep
    clock: Callable[[], float] = time.time

    def look(self, find: Callable[[], T | None], since: float) -> T | None:
        """What `find` finds, looking at least once and until the time after `since` is over."""
        while True:
            found = find()
            left = since + self.seconds - self.clock()
            if found is not None or left <= 0:
                return found
            self.sleep(min(self.every, left))


@dataclass(frozen=True)
class Change(Generic[T]):
    """How a change is made. `find` looks for an intent's mark in the service's list, `prepare` does what changes
    nothing yet, `send` makes the change with what `prepare` gave; `send` and `record` say what to keep of it. With
    `verified`, what the service confirmed is looked for in its list all the same."""

    find: Callable[[Intent], T | None]
    prepare: Callable[[], Any]
    send: Callable[[Intent, Any], Mapping[str, Any]]
    record: Callable[[T], Mapping[str, Any]]
    verified: bool = True


def once(ledger: Ledger, made: Intent, change: Change[T], settling: Settling) -> Outcome[T]:
    """Make a change that is made once, however often it is asked for and whatever breaks on the way.

    Raises `RefusedError` where the service says no, and `UnsettledError` where the service neither answered nor shows
    it. Both leave the intent such that asking again is right.
    """
    with ledger.locked():
        known = ledger.intents().get(made.id)
        since = known.at if known is not None and known.phase == SENDING else 0.0
        listed = settling.look(lambda: change.find(made), since)
        if known is not None and known.phase == DONE:
            return Outcome(known, listed, is_new=False)
        known = known or ledger.write(made, PLANNED)
        if listed is not None:
            return Outcome(ledger.write(known, DONE, **change.record(listed)), listed, is_new=False)
        prepared = change.prepare()
        return _send(ledger, ledger.write(known, SENDING), change, prepared, settling)


def _send(ledger: Ledger, sent: Intent, change: Change[T], prepared: Any, settling: Settling) -> Outcome[T]:
    try:
        result = change.send(sent, prepared)
    except KaggleError as error:
        if error.settled:
            ledger.write(sent, REFUSED, why=str(error))
            raise
        return _look_up(ledger, sent, change, settling, error)
    done = ledger.write(sent, DONE, **result)
    if not change.verified:
        return Outcome(done, None, is_new=True)
    try:
        return Outcome(done, settling.look(lambda: change.find(done), done.at), is_new=True)
    except KaggleError:  # it was taken; that the list cannot be had now takes nothing away from that
        return Outcome(done, None, is_new=True)


def _look_up(ledger: Ledger, sent: Intent, change: Change[T], settling: Settling, trouble: KaggleError) -> Outcome[T]:
    """What became of a call that nobody answered."""
    try:
        listed = settling.look(lambda: change.find(sent), sent.at)
    except KaggleError:
        listed = None
    if listed is None:
        raise UnsettledError(
            f"{trouble}; it is not certain whether Kaggle took it, so the same command again looks before it sends"
        )
    return Outcome(ledger.write(sent, DONE, **change.record(listed)), listed, is_new=True)


def _parsed(line: bytes, found: Mapping[str, Intent]) -> Intent | None:
    try:
        said = json.loads(line)
        known = found.get(str(said["intent"]))
        if known is None:
            known = Intent(str(said["intent"]), str(said["kind"]), str(said["subject"]), dict(said["facts"]))
        at = float(said["at"])
        result = {**known.result, **said.get("result", {})}
        return replace(known, phase=str(said["phase"]), at=at, began=known.began or at, result=result)
    except (ValueError, TypeError, KeyError, RecursionError):
        return None
