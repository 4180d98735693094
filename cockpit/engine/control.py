"""The control door of a running sweep: commands are lines of `control.jsonl`, which the sweep's own process reads.

What became of a command stands in the ledger, as `Answered` with the command's id.
"""

from __future__ import annotations

import fcntl
import getpass
import os
import socket
import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any
from uuid import uuid4

from cockpit.events.codec import EventError, decode, encode
from cockpit.events.kinds import Unknown
from cockpit.events.tail import Tail
from cockpit.events.text import one_line
from cockpit.store.folder import FolderError, RunFolder, find_trial
from cockpit.store.life import LIVE
from cockpit.store.reader import Index

KIND = "command"
NAMES = ("stop", "kill", "pause", "resume", "add", "set")
WITH_SETTINGS = ("add", "set")
LONGEST = 80  # characters of an id or a person, which stand in tables


class ControlError(FolderError):
    """A command cannot be given to this sweep. One line, with what to do."""


@dataclass(frozen=True)
class Command:
    """What somebody wants of a sweep. `trial` is None when the whole sweep is meant.

    `settings` are for `add` and `set`; `who` is `user@host`, `at` seconds since 1970.
    """

    id: str
    name: str
    trial: str | None = None
    settings: Mapping[str, Any] = field(default_factory=dict)
    who: str = "somebody"
    at: float = 0.0


def send(run: RunFolder, name: str, trial: str | None = None, settings: Mapping[str, Any] | None = None) -> Command:
    """Give a command to the sweep that runs in this folder, and return it. Raises `ControlError`."""
    command = Command(uuid4().hex[:12], name, trial, dict(settings or {}), _who(), time.time())
    _check_form(command)
    try:
        _check_sweep(run, command)
    except FolderError as error:
        raise ControlError(str(error)) from None
    _append(run, command)
    return command


def _check_form(command: Command) -> None:
    name = command.name
    if name not in NAMES:
        raise ControlError(f"{name}: not a command; there are {', '.join(NAMES)}")
    if name in WITH_SETTINGS and not command.settings:
        raise ControlError(f"{name}: no settings; give them as KEY=VALUE")
    if name not in WITH_SETTINGS and command.settings:
        raise ControlError(f"{name}: takes no settings; leave out {', '.join(command.settings)}")
    if name == "set" and command.trial is None:
        raise ControlError("set: changes one running trial; name it, as in exp012/t003")
    if name == "add" and command.trial is not None:
        raise ControlError("add: makes a trial of its own; name the experiment only")


def _check_sweep(run: RunFolder, command: Command) -> None:
    if command.trial is not None:
        find_trial(run.path.parent, f"{run.name}/{command.trial}")
    with Index(run) as index:
        sweep = index.sweep()
    if sweep.status == "queued" and not (command.name in ("stop", "kill") and command.trial is None):
        raise ControlError(f"{run.id}: still queued, {sweep.reason}; until it runs it can only be stopped or killed")
    if sweep.status not in LIVE:
        raise ControlError(f"{run.id}: not running any more ({sweep.status}), so nothing can {command.name} there")


def _append(run: RunFolder, command: Command) -> None:
    """One write under a lock, because several people may have the same sweep before them."""
    line = encode(Unknown(kind=KIND, data=asdict(command)))
    try:
        descriptor = os.open(run.control, os.O_RDWR | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o644)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            size = os.fstat(descriptor).st_size
            if size and os.pread(descriptor, 1, size - 1) != b"\n":
                line = b"\n" + line  # a torn line must end first, or it would swallow this one
            complete = os.write(descriptor, line) == len(line)
        finally:
            os.close(descriptor)
    except OSError as error:
        raise ControlError(f"{run.control}: cannot be written ({error.strerror}); run this as its owner") from None
    if not complete:
        raise ControlError(f"{run.control}: only a part of the command was written; make room on the disk")


def _who() -> str:
    try:
        user = getpass.getuser()
    except (KeyError, OSError):  # a user without a name, as in some containers
        user = str(os.getuid())
    return f"{user}@{socket.gethostname()}"


class Inbox:
    """The commands that come in after this object was made, for the sweep's own process.

    `malformed` counts lines that are no commands.
    """

    def __init__(self, run: RunFolder) -> None:
        self.malformed = 0
        self._tail = Tail(run.control, run.control.stat().st_size if run.control.exists() else 0)
        self._seen: set[str] = set()

    def read(self) -> list[Command]:
        """The commands that are new, oldest first; one that is there twice comes once."""
        try:
            lines = self._tail.lines()
        except OSError:
            return []  # who cannot read the door hears nothing; the sweep goes on
        commands = []
        for line in lines:
            command = _command_of(line)
            if command is None:
                self.malformed += 1
            elif command.id not in self._seen:
                self._seen.add(command.id)
                commands.append(command)
        return commands


def _command_of(line: bytes) -> Command | None:
    """The command of one line; None when it is none."""
    try:
        event = decode(line)
    except EventError:
        return None
    if not isinstance(event, Unknown) or event.kind != KIND:
        return None
    known: dict[str, Any] = {name: event.data[name] for name in _TYPES if event.data.get(name) not in (None, "")}
    if not known.keys() >= {"id", "name"} or not all(isinstance(known[name], _TYPES[name]) for name in known):
        return None
    known.update((name, one_line(value)[:LONGEST]) for name, value in known.items() if isinstance(value, str))
    return Command(**known)


_TYPES = {"id": str, "name": str, "trial": str, "settings": dict, "who": str, "at": int | float}
