"""Commands to a sweep, and what came of them, in words for people."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from cockpit.store.numbers import setting_text
from cockpit.store.rows import CommandRow

_DONE_TO_ALL = {"stop": "stopped", "kill": "killed", "pause": "paused", "resume": "resumed"}


def outcome(command: CommandRow) -> str:
    """What came of a command, without its subject: `paused at step 120`, `lr=0.001 from step 121 on`."""
    settings = " ".join(f"{name}={setting_text(value)}" for name, value in command.settings.items())
    if command.state == "refused":
        return f"{_asked(command, settings)} refused: {_without_subject(command)}"
    if command.state != "done":
        return f"{_asked(command, settings)} asked for"
    if command.name == "add":
        return f"added with {settings}"
    if not command.trial:
        return _DONE_TO_ALL.get(command.name, command.text)
    return "resumed" if command.name == "resume" else _without_subject(command)


def deeds(commands: Sequence[CommandRow], began: float | None) -> list[str]:
    """One line for each trial, and one for the sweep, with everything that was asked of it, in the order of the first.

    `t003 paused at step 120 by me@host 14:02; resumed 14:10`: who is told again when it is somebody else. Times are
    local; those of another day than `began`, in seconds since 1970, come with their date.
    """
    by_subject: dict[str, list[CommandRow]] = {}
    for command in commands:
        by_subject.setdefault(command.trial or "the sweep", []).append(command)
    return [f"{subject} {'; '.join(_parts(given, began))}" for subject, given in by_subject.items()]


def _parts(given: Sequence[CommandRow], began: float | None) -> list[str]:
    parts, who = [], ""
    for command in given:
        by = f" by {command.who}" if command.who and command.who != who else ""
        who = command.who
        parts.append(f"{outcome(command)}{by} {clock_text(command.at, began)}".rstrip())
    return parts


def clock_text(at: float, began: float | None = None) -> str:
    """`14:02` in local time, with the date where that is another one than that of `began`."""
    try:
        moment, day = datetime.fromtimestamp(at), datetime.fromtimestamp(at if began is None else began)
    except (ValueError, OverflowError, OSError):
        return ""
    return f"{moment:%H:%M}" if moment.date() == day.date() else f"{moment:%Y-%m-%d %H:%M}"


def _asked(command: CommandRow, settings: str) -> str:
    return f"{command.name} {settings}".rstrip()


def _without_subject(command: CommandRow) -> str:
    text = command.text
    for separator in (": ", " "):
        text = text.removeprefix(f"{command.trial}{separator}") if command.trial else text
    return text or command.name
