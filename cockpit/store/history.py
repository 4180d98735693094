"""What happened to trials on their way: their attempts, changed settings, and when the sweep was taken up again.

The index has a trial as it is now. What was before stands in the run folder, which is read here.
"""

from __future__ import annotations

import mmap
from collections.abc import Collection, Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from cockpit.events.codec import EventError, decode
from cockpit.events.kinds import (
    Attempt,
    Built,
    Event,
    Steered,
    SweepEnded,
    SweepStatus,
    TrialEnded,
    TrialPaused,
    TrialStarted,
)
from cockpit.store.folder import RunFolder
from cockpit.store.rows import CommandRow

CUT_OFF = "goes on where it was cut off"  # why the engine holds a trial back whose sweep is taken up again
_OF_A_SWEEP, _OF_A_TRIAL = b'"kind":"sweep_', b'"kind":"trial_'
_OF_AN_ATTEMPT = (b'"kind":"attempt"', b'"kind":"built"')


class AttemptRow(NamedTuple):
    """One process that worked on a trial. It went on after step `after`; 0 is the beginning.

    `why` is why it ended, `status` what the trial was then: `paused`, `waiting`, or how it ended; both are empty for an
    attempt of whose end nothing is known. `error` is set where it failed. Times are seconds since 1970.
    """

    number: int
    after: int
    started: float
    ended: float | None = None
    status: str = ""
    why: str = ""
    error: str = ""


class ChangeRow(NamedTuple):
    """Settings that were changed while a trial ran; the first step with the new values is the one after `step`."""

    step: int
    settings: Mapping[str, Any]
    who: str


class TakeUp(NamedTuple):
    """A sweep went on after its end. `after` says how that end had been; empty where it came without a word."""

    at: float
    after: str


class History(NamedTuple):
    """Attempts by trial, and how often the sweep itself went on."""

    attempts: Mapping[str, list[AttemptRow]]
    taken_up: list[TakeUp]


def read_history(run: RunFolder, trials: Collection[str] | None = None) -> History:
    """The history of these trials, or of all. The record of a trial is opened only where it had several attempts."""
    attempts: dict[str, list[AttemptRow]] = {}
    taken_up: list[TakeUp] = []
    end = ""
    for event in _events(run.sweep, _OF_A_SWEEP, _OF_A_TRIAL):
        if isinstance(event, SweepEnded):
            end = event.status + (f": {event.reason}" if event.reason else "")
        elif isinstance(event, SweepStatus):
            if event.status == "running" and event.pid:  # a process that was not there before
                taken_up.append(TakeUp(event.at, end))
                end = ""
        elif isinstance(event, TrialStarted | TrialPaused | TrialEnded) and (trials is None or event.trial in trials):
            _fold(attempts.setdefault(event.trial, []), event)
    return History({trial: _placed(run, trial, known) for trial, known in attempts.items()}, taken_up)


def beginnings(run: RunFolder, trial: str) -> list[Attempt]:
    """What each process that worked on a trial said of itself: its host, device and threads."""
    return [event for event in _events(run.trial(trial).events, _OF_AN_ATTEMPT[0]) if isinstance(event, Attempt)]


def changes_of(events: Collection[Event], commands: Collection[CommandRow], trial: str) -> list[ChangeRow]:
    """The changes that count, from a trial's `Steered` events in their order.

    A later attempt takes over what was changed before and says so once more, without saying who wanted it: that moves
    the change to where this attempt went on, if that was earlier.
    """
    found: list[ChangeRow] = []
    for event in events:
        if not isinstance(event, Steered):
            continue
        before = next((row for row in reversed(found) if row.settings.keys() == event.settings.keys()), None)
        if not event.who and before is not None and before.settings == event.settings:
            if event.step < before.step:
                found[found.index(before)] = before._replace(step=event.step)
            continue
        found.append(
            ChangeRow(event.step, dict(event.settings), event.who or _who_set(commands, trial, event.settings))
        )
    return found


def _who_set(commands: Collection[CommandRow], trial: str, settings: Mapping[str, Any]) -> str:
    """Who gave a paused trial these settings."""
    given = [row for row in commands if row.name == "set" and row.trial == trial and row.state == "done"]
    return next((row.who for row in reversed(given) if settings.items() <= row.settings.items()), "")


def _fold(attempts: list[AttemptRow], event: TrialStarted | TrialPaused | TrialEnded) -> None:
    if isinstance(event, TrialStarted):
        attempts.append(AttemptRow(event.attempt, 0, event.at))
    elif attempts and attempts[-1].ended is None:  # of an end, what comes first says why
        number = attempts[-1].number
        why = event.reason.removeprefix(f"attempt {number} ")
        why = "it was cut off" if why == CUT_OFF else why
        attempts[-1] = attempts[-1]._replace(ended=event.at, status=event.status, why=why, error=event.error)


def _placed(run: RunFolder, trial: str, attempts: list[AttemptRow]) -> list[AttemptRow]:
    """The attempts with the steps that they went on after."""
    if len(attempts) < 2:
        return attempts
    after: dict[int, int] = {}
    number = 1
    for event in _events(run.trial(trial).events, *_OF_AN_ATTEMPT):
        if isinstance(event, Attempt):
            number = event.attempt
        elif isinstance(event, Built):
            after[number] = event.step
    return [attempt._replace(after=after.get(attempt.number, 0)) for attempt in attempts]


def _events(path: Path, *marks: bytes) -> Iterator[Event]:
    """The events whose lines have one of these marks. The others, which may be very many, are not even split."""
    try:
        with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as record:
            for begin, end in _lines(record, marks):
                try:
                    yield decode(record[begin:end])
                except EventError:
                    continue
    except (OSError, ValueError):  # there is no such file, or an empty one
        return


def _lines(record: mmap.mmap, marks: Collection[bytes]) -> Iterator[tuple[int, int]]:
    """Begin and end of each whole line with a mark, in order."""
    places = {mark: record.find(mark) for mark in marks}
    while found := [place for place in places.values() if place >= 0]:
        place = min(found)
        begin, end = record.rfind(b"\n", 0, place) + 1, record.find(b"\n", place)
        if end < 0:
            return
        yield begin, end
        places = {mark: at if at < 0 or at > end else record.find(mark, end) for mark, at in places.items()}
