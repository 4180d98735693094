"""The one thread that reads: at a fixed rate it makes a snapshot of what the screen wants and hands it on.

It starts before Textual is even imported, so that the first screen has something to show.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cockpit.store.catalogue import Catalogue, ExperimentRow
from cockpit.store.folder import FolderError, RunFolder
from cockpit.store.rows import NormSummary
from cockpit.tui.interest import PARAMETERS, CurveKey, Focus, Interest
from cockpit.tui.snapshot import FocusView, Importance, Snapshot, SweepView
from cockpit.tui.trouble import keep_traceback
from cockpit.tui.watch import Watch
from cockpit.tui.weight import Weigher

if TYPE_CHECKING:
    # What the first screen does without is imported when it is needed.
    from cockpit.store.curve import Curve
    from cockpit.store.machine import MachineMeter, MachineRow

Receiver = Callable[[Snapshot], object]
Foresight = Callable[[Snapshot], Interest]

LIST_SECONDS = 1.0  # between two looks at all experiments while one of them fills the screen
MACHINE_LATER = 1.0  # seconds; the first screen comes before the machine
MACHINE_SECONDS = 2.0
STOP_SECONDS = 3.0


class Feed:
    """Reads a logs folder for whoever receives snapshots. Nothing is sent when nothing changed."""

    def __init__(self, logs: Path, hertz: float) -> None:
        self.logs = logs
        self.newest: Snapshot | None = None
        self._period = 1.0 / hertz
        self._interest = Interest()
        self._foresight: Foresight | None = None
        self._receiver: Receiver | None = None
        self._lock = threading.Lock()
        self._wake = threading.Event()
        self._over = threading.Event()
        self._paused = False
        self._reader = _Reader(logs)
        self._thread = threading.Thread(target=self._run, name="feed", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        """End the thread; returns when nothing is being read any more, or when a disk does not answer."""
        self._over.set()
        self._wake.set()
        if self._thread.is_alive():
            self._thread.join(STOP_SECONDS)
        if not self._thread.is_alive():
            self._reader.close()

    def send_to(self, receiver: Receiver | None) -> None:
        """Call `receiver`, from the feed's thread, with every snapshot from now on."""
        with self._lock:
            self._receiver = receiver

    def foresee(self, foresight: Foresight) -> None:
        """After the first snapshot, look at what a screen will ask for when it has seen that; unless it asks before."""
        self._foresight = foresight

    def look_at(self, interest: Interest) -> None:
        """Read this from now on, and at once."""
        with self._lock:
            if interest == self._interest:
                return
            self._interest, self._foresight = interest, None
        self._wake.set()

    def pause(self, paused: bool) -> None:
        """Read nothing while the screen is not seen."""
        self._paused = paused
        self._wake.set()

    def _run(self) -> None:
        while not self._over.is_set():
            began = time.monotonic()
            self._wake.clear()
            if not self._paused:
                self._send_what_is_new()
            self._wake.wait(max(0.0, began + self._period - time.monotonic()) if not self._paused else None)

    def _send_what_is_new(self) -> None:
        with self._lock:
            interest = self._interest
        try:
            snapshot = self._reader.read(interest, self.newest)
        except Exception as error:
            # A screen that shows old numbers and says so is better than none.
            keep_traceback(error)
            snapshot = _troubled(self.newest, self.logs, interest, error)
        if snapshot is self.newest:
            return
        with self._lock:
            self.newest, receiver = snapshot, self._receiver
        if receiver is not None:
            receiver(snapshot)
        if (foresight := self._foresight) is not None:
            self.look_at(foresight(snapshot))


class _Reader:
    """Everything that is open, and how a snapshot is put together."""

    def __init__(self, logs: Path) -> None:
        self._logs = logs
        self._catalogue = Catalogue(logs)
        self._meter: MachineMeter | None = None
        self._weigher = Weigher(logs)
        self._watches: dict[str, Watch] = {}
        self._experiments: tuple[ExperimentRow, ...] = ()
        self._machine: MachineRow | None = None
        self._list_due = 0.0
        self._machine_due = time.monotonic() + MACHINE_LATER
        self._diary: tuple[object, str] = (None, "")

    def close(self) -> None:
        self._weigher.close()
        for watch in self._watches.values():
            watch.close()

    def read(self, interest: Interest, before: Snapshot | None) -> Snapshot:
        """A new snapshot, or `before` itself when it still holds."""
        now = time.time()
        self._look_at_the_list(interest, now)
        self._look_at_the_machine(interest)
        sweeps, trouble = self._sweeps(interest)
        parts: dict[str, Any] = {
            "experiments": self._experiments,
            "sweeps": sweeps,
            "curves": self._curves(interest),
            "focus": self._focus(interest),
            "norms": self._norms(interest),
            "importance": self._importance(interest, sweeps),
            "diary": self._read_diary() if interest.diary else None,
            "machine": self._machine,
            "trouble": trouble,
        }
        if before is not None and before.interest == interest and _same(before, parts):
            return before
        serial = 1 if before is None else before.serial + 1
        return Snapshot(serial=serial, at=now, logs=self._logs, interest=interest, **parts)

    def _look_at_the_list(self, interest: Interest, now: float) -> None:
        if interest.experiments and time.monotonic() < self._list_due:
            return
        self._list_due = time.monotonic() + LIST_SECONDS
        found = self._catalogue.look(now)
        if found != self._experiments:
            self._experiments = found

    def _look_at_the_machine(self, interest: Interest) -> None:
        is_missed = interest.devices and not (self._machine and self._machine.whole)
        if time.monotonic() < self._machine_due and not is_missed:
            return
        if self._meter is None:
            from cockpit.store.machine import MachineMeter

            self._meter = MachineMeter(self._logs)
        self._machine_due = time.monotonic() + MACHINE_SECONDS
        self._machine = self._meter.read(whole=interest.devices)

    def _sweeps(self, interest: Interest) -> tuple[dict[str, SweepView], str]:
        for name in [name for name in self._watches if name not in interest.experiments]:
            self._watches.pop(name).close()
        views: dict[str, SweepView] = {}
        trouble = ""
        for name in interest.experiments:
            try:
                if name not in self._watches:
                    self._watches[name] = Watch(RunFolder(self._logs / name))
                views[name] = self._watches[name].look()
            except (FolderError, OSError) as error:
                trouble = str(error)
        return views, trouble

    def _curves(self, interest: Interest) -> dict[CurveKey, Curve]:
        found: dict[CurveKey, Curve] = {}
        for name, watch in self._watches.items():
            keys = [key for key in interest.curves if key.experiment == name]
            found |= watch.curves(keys, interest.window)
        return found

    def _focus(self, interest: Interest) -> FocusView | None:
        if interest.focus is None or interest.focus.experiment not in self._watches:
            return None
        return self._watches[interest.focus.experiment].focus(interest.focus, interest)

    def _norms(self, interest: Interest) -> dict[Focus, tuple[NormSummary, ...]]:
        found: dict[Focus, tuple[NormSummary, ...]] = {}
        for name, watch in self._watches.items():
            found |= watch.norm_summaries([focus for focus in interest.summaries if focus.experiment == name])
        return found

    def _importance(self, interest: Interest, sweeps: dict[str, SweepView]) -> Importance | None:
        if PARAMETERS not in interest.panes or not interest.experiments:
            return None
        view = sweeps.get(interest.experiments[0])
        return None if view is None else self._weigher.look(view)

    def _read_diary(self) -> str:
        from cockpit.diary.entries import FILE

        path = self._logs / FILE
        try:
            stat = path.stat()
            mark: object = (stat.st_mtime_ns, stat.st_size, stat.st_ino)
            if mark != self._diary[0]:
                self._diary = (mark, path.read_text(encoding="utf-8", errors="backslashreplace"))
        except OSError:
            self._diary = (None, "")
        return self._diary[1]


def _same(before: Snapshot, parts: dict[str, Any]) -> bool:
    """Whether every part is what it was; mappings by their values' identity, because those are never changed."""
    return all(_is_same(getattr(before, name), part) for name, part in parts.items())


def _is_same(old: Any, new: Any) -> bool:
    if isinstance(new, dict):
        return old.keys() == new.keys() and all(old[key] is value for key, value in new.items())
    return old is new or old == new


def _troubled(before: Snapshot | None, logs: Path, interest: Interest, error: Exception) -> Snapshot:
    text = f"cannot read {logs}: {error or type(error).__name__}"
    if before is not None and before.trouble == text and before.interest == interest:
        return before
    serial = 1 if before is None else before.serial + 1
    base = before or Snapshot(serial=0, at=time.time(), logs=logs, interest=interest)
    kept = {name: getattr(base, name) for name in Snapshot.__dataclass_fields__}
    return Snapshot(**{**kept, "serial": serial, "interest": interest, "trouble": text})
