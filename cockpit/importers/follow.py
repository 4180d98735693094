"""Records a log that is still being written, so that a training that was started elsewhere is seen as running."""

from __future__ import annotations

import os
import socket
import threading
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from cockpit.engine import answers
from cockpit.engine.control import Command, Inbox
from cockpit.engine.observer import NoView, Observer
from cockpit.engine.signals import interruptible
from cockpit.events.kinds import SweepEnded, SweepStarted
from cockpit.events.writer import EventWriter
from cockpit.importers.growing import Growing
from cockpit.importers.identity import Fingerprint, fingerprint
from cockpit.importers.importing import Wish, earlier, look, origin_of, publish, shown_path
from cockpit.importers.outcome import Outcome, outcome_of
from cockpit.importers.printed import FIRST_BYTES, IMPORTER, Log, events_in, metric_in
from cockpit.importers.record import Record, new_record
from cockpit.importers.recording import Origin, Recording, Trial, trial_ended, trial_started
from cockpit.printed.fast_reader import FastReader
from cockpit.store.folder import RunFolder
from cockpit.store.life import process_started

TICK_SECONDS = 0.25
HEARD = ("stop", "kill")  # the commands that are obeyed


def follow(path: Path, wish: Wish, announce: Callable[[RunFolder], None]) -> Outcome | None:
    """Record what is written to `path` until a signal, or `cockpit stop`, ends it; None if nothing came until then.

    `announce` is called once there is an experiment. Raises `OSError` and `FolderError`.
    """
    following = _Following(path, wish)
    with interruptible(following.end, detached=False):
        if not following.wait():
            return None
        with new_record(wish.logs) as record:
            return following.record(record, announce)


class _Following:
    """Waits for the file, then records it. `end` may come at any time, also before there is a file."""

    def __init__(self, path: Path, wish: Wish) -> None:
        self._path = path
        self._wish = wish
        self._file = Growing(path)
        self._over = threading.Event()
        self._why = ""
        self._first: list[bytes | None] = []

    def end(self, why: str) -> None:
        """Come to an end soon; called from a signal handler, so it does no more than that."""
        self._why = self._why or why
        self._over.set()

    def wait(self) -> bool:
        """Wait until something is in the file; False when that was given up."""
        while not self._over.is_set():
            self._first = list(self._file.new())
            if any(self._first):
                return True
            self._over.wait(TICK_SECONDS)
        return False

    def record(self, record: Record, announce: Callable[[RunFolder], None]) -> Outcome:
        """Record until the end."""
        metric = self._wish.metric or _metric_in(self._first)
        recording = Recording(record, metric)
        logs = _Logs(metric, recording)
        logs.take(self._first)
        self._first = []
        ledger = self._publish(record, recording)
        inbox = Inbox(record.run)  # from now on people know the experiment, and may command it
        with Observer(record.run, NoView()):
            announce(record.run)
            try:
                self._go_on(logs, ledger, inbox)
            finally:
                logs.close()
                record.flush()
                end = {"lines": logs.lines, "unread": record.unread, "source": self._origin().source}
                ledger.close(f"no longer followed: {self._why}", end)
        self._file.close()
        return outcome_of(record.run, shown_path(self._path), IMPORTER.name)

    def _origin(self) -> Origin:
        try:
            return origin_of(self._path, IMPORTER.name, fingerprint(self._path), self._wish)
        except OSError:  # it was removed
            return origin_of(self._path.parent, IMPORTER.name, Fingerprint(0, "", {}), self._wish)

    def _publish(self, record: Record, recording: Recording) -> _Ledger:
        mark, known = look(self._path, self._wish.logs)
        origin = origin_of(self._path, IMPORTER.name, mark, self._wish)
        ledger = _Ledger(record, recording, origin)
        publish(record, self._wish.logs, origin.name, earlier(self._path, mark, known), ledger.begin)
        ledger.open()
        return ledger

    def _go_on(self, logs: _Logs, ledger: _Ledger, inbox: Inbox) -> None:
        while not self._over.wait(TICK_SECONDS):
            logs.take(self._file.new())
            ledger.tell()
            for command in inbox.read():
                if command.name in HEARD:
                    self.end(answers.reason_of([command]))
                    ledger.answer(command, "done", "it is no longer followed; the program itself goes on")
                else:
                    ledger.answer(command, "refused", f"it is only watched, and cannot be told to {command.name}")


def _metric_in(first: list[bytes | None]) -> str:
    return metric_in(events_in(b"".join(filter(None, first))[:FIRST_BYTES], ""))


class _Logs:
    """The file's contents one after the other: what begins anew is another log."""

    def __init__(self, metric: str, recording: Recording) -> None:
        self._metric = metric
        self._recording = recording
        self._number = 0
        self._lines = 0
        self._log = Log(FastReader(metric))

    @property
    def lines(self) -> int:
        return self._lines + self._log.lines

    def take(self, blocks: Iterable[bytes | None]) -> None:
        for block in blocks:
            if block is None:
                self.close()
                self._number += 1
                self._lines += self._log.lines
                self._log = Log(FastReader(self._metric), f"{self._number}.")
            else:
                self._recording.take(self._log.feed(block.replace(b"\0", b""), hurry=True))
        self._recording.flush()

    def close(self) -> None:
        self._recording.take(self._log.close())


class _Ledger:
    """The ledger of what is followed: a run ends when the next one begins."""

    def __init__(self, record: Record, recording: Recording, origin: Origin) -> None:
        self._record = record
        self._recording = recording
        self._origin = origin
        self._experiment = ""
        self._began = time.time()
        self._metric = ""
        self._running: Trial | None = None
        self._told = 0
        self._writer: EventWriter | None = None

    def begin(self, experiment: str) -> None:
        """Write how it begins, which is all that there is as yet."""
        self._experiment = experiment
        self._record.write_ledger([self._started()])

    def open(self) -> None:
        """Go on in the file, where it is now."""
        self._writer = EventWriter(self._record.run.sweep)
        self.tell()

    def tell(self) -> None:
        """Write which runs have begun since, and by what they are ranked."""
        assert self._writer is not None
        if self._recording.metric != self._metric:
            self._writer.write(self._started())
        trials = list(self._recording.trials.values())
        for trial in trials[self._told :]:
            self._end_trial()
            self._writer.write(trial_started(trial, time.time(), {}))
            self._running = trial
        self._told = len(trials)

    def answer(self, command: Command, state: str, text: str) -> None:
        """Write what became of a command."""
        assert self._writer is not None
        self._writer.write(answers.answer(command, state, text, time.time()))

    def close(self, reason: str, end: Mapping[str, Any]) -> None:
        """Write how it ended."""
        assert self._writer is not None
        self.tell()
        self._end_trial()
        self._writer.write(SweepEnded(status="finished", reason=reason, at=time.time(), extra=end))
        self._writer.close()

    def _end_trial(self) -> None:
        if self._running is not None and self._writer is not None:
            self._writer.write(replace(trial_ended(self._running), at=time.time()))
            self._running = None

    def _started(self) -> SweepStarted:
        self._metric = self._recording.metric
        event = self._recording.started(self._experiment, self._origin, self._began)
        return replace(
            event,
            trials=None,
            host=socket.gethostname(),
            pid=os.getpid(),
            environment={"process_started": process_started(os.getpid())},
            extra={**event.extra, "followed": True},
        )
