"""A recorded run happens again: the same lines, at their pace or faster, in an experiment of its own."""

from __future__ import annotations

import math
import os
import socket
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any, BinaryIO

from cockpit.engine import answers
from cockpit.engine.control import Command, Inbox
from cockpit.engine.ending import Ending
from cockpit.engine.observer import NoView, Observer
from cockpit.engine.recording import Moment, Recording
from cockpit.engine.signals import interruptible
from cockpit.events.kinds import Attempt, Event, SweepEnded, SweepStarted, TrialEnded, TrialStarted
from cockpit.events.writer import EventWriter
from cockpit.store.folder import RunFolder, claim
from cockpit.store.life import process_started
from cockpit.store.rows import REPLAY

TICK_SECONDS = 0.1  # how long a command or a signal may go unnoticed


def replay(
    recording: Recording,
    logs: Path,
    speed: float,
    command: str,
    announce: Callable[[RunFolder], None],
    *,
    detached: bool = False,
) -> tuple[RunFolder, Ending]:
    """Replay a recording to its end; `announce` is called as soon as the experiment has its folder.

    `speed` is 1 for the pace of the recording; 0 and infinity are all at once. `command` is the command line that does
    the same again. Raises `FolderError` before anything is written when the logs folder cannot be written.
    """
    run = claim(logs, recording.started.search)
    run.search.write_text(recording.search, encoding="utf-8")
    player = _Player(run, Pace(recording, speed))
    player.begin(recording.started, command)
    with interruptible(player.interrupt, detached=detached):
        announce(run)
        with Observer(run, NoView()):
            try:
                player.play(recording.moments)
            except KeyboardInterrupt:
                player.interrupt("Ctrl-C, twice")
            finally:
                ending = player.close()
    return run, ending


class Pace:
    """When the moments of a recording come again. All at once they keep their distances and end now."""

    def __init__(self, recording: Recording, speed: float) -> None:
        self._at_once = speed <= 0 or math.isinf(speed)
        self._speed = 1.0 if self._at_once else speed
        self._recorded = recording.end if self._at_once else recording.begin
        self._start = time.time()

    def time_of(self, at: float) -> float:
        """A recorded time as one of this replay."""
        return self._start + (at - self._recorded) / self._speed

    def seconds_until(self, at: float) -> float:
        """How long until the moment of this recorded time; 0 when it is due."""
        return 0.0 if self._at_once else max(0.0, self.time_of(at) - time.time())


class _Player:
    """Writes the moments, each when it is due, and minds commands and signals in between."""

    def __init__(self, run: RunFolder, pace: Pace) -> None:
        self._run = run
        self._pace = pace
        self._inbox = Inbox(run)
        self._heard = 0.0
        self._ledger = EventWriter(run.sweep)
        self._files: dict[str, _TrialFiles] = {}
        self._running: set[str] = set()
        self._stopped: set[str] = set()  # by a command, so that nothing more comes from them
        self._orders: list[Command] = []  # those that want the whole replay to end
        self._ending: Ending | None = None

    def begin(self, started: SweepStarted, command: str) -> None:
        """Write how the sweep began, as this very process's."""
        environment = {**started.environment, "process_started": process_started(os.getpid())}
        own = {"experiment": self._run.id, "engine": REPLAY, "command": command, "environment": environment}
        self._ledger.write(self._as_ours(started, **own))

    def interrupt(self, reason: str) -> None:
        """End early; called from a signal handler, so it does no more than that."""
        if self._ending is None:
            self._ending = Ending("interrupted", reason)

    def play(self, moments: list[Moment]) -> None:
        for moment in moments:
            self._wait_for(moment.at)
            if self._ending is not None:
                return
            if moment.trial not in self._stopped:
                self._write(moment)

    def close(self) -> Ending:
        """End what still runs, and the sweep. Returns how."""
        ending = self._ending or Ending("interrupted", "the recording ends here")
        for command in self._inbox.read():
            self._answer(command, "refused", "the replay has ended")
        status = "interrupted" if ending.status == "interrupted" else "stopped"
        for trial in sorted(self._running):
            self._stop_trial(trial, status, ending.reason)
        for command in self._orders:
            self._answer(command, "done", f"{self._run.id} ended: {ending.reason}")
        self._ledger.write(SweepEnded(status=ending.status, reason=ending.reason, at=time.time()))
        self._ledger.close()
        for files in self._files.values():
            files.close()
        return ending

    def _wait_for(self, at: float) -> None:
        while self._ending is None:
            self._hear()
            left = self._pace.seconds_until(at)
            if left <= 0.0:
                return
            time.sleep(min(left, TICK_SECONDS))

    def _write(self, moment: Moment) -> None:
        trial, event = moment.trial, moment.event
        if not moment.in_ledger:
            files = self._files_of(trial)
            if event is None:
                files.output.write(moment.line + b"\n")
            else:
                files.events.write(self._as_ours(event))
        elif isinstance(event, SweepEnded):
            self._ending = Ending(event.status, event.reason)
        elif event is not None:
            self._write_to_ledger(event)

    def _write_to_ledger(self, event: Event) -> None:
        if isinstance(event, TrialStarted):
            self._files_of(event.trial)
            self._running.add(event.trial)
        self._ledger.write(self._as_ours(event))
        if isinstance(event, TrialEnded):
            self._forget(event.trial)

    def _files_of(self, trial: str) -> _TrialFiles:
        if trial not in self._files:
            self._files[trial] = _TrialFiles(self._run, trial)
        return self._files[trial]

    def _forget(self, trial: str) -> None:
        self._running.discard(trial)
        files = self._files.pop(trial, None)
        if files is not None:
            files.close()

    def _as_ours(self, event: Event, **changes: Any) -> Event:
        """The event as of this process and this time."""
        if isinstance(event, SweepStarted | Attempt):
            changes |= {"host": socket.gethostname(), "pid": os.getpid()}
        at = getattr(event, "at", None)
        if at:
            changes["at"] = self._pace.time_of(at)
        return replace(event, **changes) if changes else event

    def _hear(self) -> None:
        if time.monotonic() < self._heard + TICK_SECONDS:
            return
        self._heard = time.monotonic()
        for command in self._inbox.read():
            self._obey(command)

    def _obey(self, command: Command) -> None:
        if command.name not in answers.DONE_TO:
            self._answer(command, "refused", f"a replay cannot {command.name}: it only repeats what was recorded")
        elif command.trial is None:
            self._answer(command, "accepted", "the replay ends")
            self._orders.append(command)
            self._ending = Ending("stopped", answers.reason_of([command]))
        elif command.trial not in self._running:
            self._answer(command, "refused", f"{command.trial} is not running")
        else:
            events = self._run.trial(command.trial).events
            self._stop_trial(command.trial, "stopped", answers.reason_of([command]))
            self._answer(command, "done", answers.ended_text(command.trial, [command], events))

    def _stop_trial(self, trial: str, status: str, reason: str) -> None:
        self._stopped.add(trial)
        self._ledger.write(TrialEnded(trial=trial, status=status, reason=reason, at=time.time()))
        self._forget(trial)

    def _answer(self, command: Command, state: str, text: str) -> None:
        self._ledger.write(answers.answer(command, state, text, time.time()))


class _TrialFiles:
    """What a trial writes into."""

    def __init__(self, run: RunFolder, trial: str) -> None:
        folder = run.trial(trial)
        folder.path.mkdir(parents=True, exist_ok=True)
        self.events = EventWriter(folder.events)
        self.output: BinaryIO = folder.output.open("ab", buffering=0)

    def close(self) -> None:
        self.events.close()
        self.output.close()
