"""A recorded run: a run folder, or one that was packed into a zip, read as moments in the order of their times."""

from __future__ import annotations

import re
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.abc import Traversable
from importlib.resources import files
from pathlib import Path

from cockpit.engine.pacing import event_times, output_times
from cockpit.events.codec import EventError, decode
from cockpit.events.kinds import Answered, Event, SweepEnded, SweepStarted, TrialEnded, TrialStarted
from cockpit.store.folder import FolderError, RunFolder

SHIPPED = "recordings/arcface.zip"
_TRIAL = re.compile(r"t\d{3,9}")
_FIRST, _MIDDLE, _LAST = range(3)  # of what happened at one time: a trial begins, works, ends


@dataclass(frozen=True, slots=True)
class Moment:
    """Something that was written. `at` is seconds since 1970.

    Of the ledger's `event`, `trial` is the trial that it is about, empty where it is about the sweep; otherwise either
    an `event` or a `line` of output came from the trial itself.
    """

    at: float
    trial: str
    event: Event | None = None
    line: bytes = b""
    in_ledger: bool = False


@dataclass(frozen=True)
class Recording:
    """`started` is how the sweep began, `search` the text of its search file, `moments` all that followed."""

    started: SweepStarted
    search: str
    moments: list[Moment]

    @property
    def begin(self) -> float:
        return self.started.at

    @property
    def end(self) -> float:
        return self.moments[-1].at if self.moments else self.begin


def shipped_recording() -> Path:
    """The recording that comes with the package."""
    return Path(str(files("cockpit").joinpath(SHIPPED)))


def read_recording(source: Path) -> Recording:
    """Read a run folder or a packed one. Lines that are no events are left out. Raises `FolderError`."""
    try:
        if source.is_dir():
            return _read(source, source)
        with zipfile.ZipFile(source) as archive:
            return _read(source, zipfile.Path(archive))
    except zipfile.BadZipFile:
        raise FolderError(
            f"{source}: neither a run folder nor a recording; `cockpit demo EXP --pack FILE` makes one"
        ) from None
    except OSError as error:
        raise FolderError(f"{source}: cannot be read ({error.strerror or error})") from None


def _read(source: Path, root: Traversable) -> Recording:
    layout = RunFolder(Path("run"))
    ledger = list(_events(root.joinpath(layout.sweep.name)))
    started = next((event for event in ledger if isinstance(event, SweepStarted)), None)
    if started is None:
        raise FolderError(f"{source}: no sweep.jsonl with a beginning in it, so there is nothing to replay")
    moments = [_Placed(moment, _rank(moment)) for moment in _ledger_moments(ledger, started)]
    for trial, begin, end in _spans(ledger, started):
        folder = root.joinpath(layout.trials.name, trial)
        names = layout.trial(trial)
        events = list(_events(folder.joinpath(names.events.name)))
        lines = _bytes(folder.joinpath(names.output.name)).split(b"\n")[:-1]
        moments += (_Placed(moment, _MIDDLE) for moment in _trial_moments(trial, events, lines, begin, end))
    moments.sort(key=lambda placed: (placed.moment.at, placed.rank))
    search = _bytes(root.joinpath(layout.search.name)).decode(errors="replace")
    return Recording(started, search, [placed.moment for placed in moments])


@dataclass(frozen=True, slots=True)
class _Placed:
    moment: Moment
    rank: int


def _rank(moment: Moment) -> int:
    return _LAST if isinstance(moment.event, TrialEnded | SweepEnded) else _FIRST


def _ledger_moments(ledger: list[Event], started: SweepStarted) -> Iterator[Moment]:
    """The ledger without its beginning, and without answers to commands, which nobody gives in a replay."""
    at = started.at
    for event in ledger:
        if event is started or isinstance(event, Answered):
            continue
        at = max(at, getattr(event, "at", at))  # a clock that was set back must not turn the order round
        yield Moment(at, getattr(event, "trial", ""), event, in_ledger=True)


def _spans(ledger: list[Event], started: SweepStarted) -> Iterator[tuple[str, float, float | None]]:
    """Each trial with its beginning and its end, None where the record does not have it."""
    begins: dict[str, float] = {}
    ends: dict[str, float] = {}
    over: float | None = None
    for moment in _ledger_moments(ledger, started):
        if isinstance(moment.event, TrialStarted) and _TRIAL.fullmatch(moment.trial):
            begins.setdefault(moment.trial, moment.at)
        elif isinstance(moment.event, TrialEnded):
            ends[moment.trial] = moment.at
        elif isinstance(moment.event, SweepEnded):
            over = moment.at
    for trial, begin in begins.items():
        yield trial, begin, ends.get(trial, over)


def _trial_moments(
    trial: str, events: list[Event], lines: list[bytes], begin: float, end: float | None
) -> Iterator[Moment]:
    times = event_times(events, begin, end)
    printed = output_times(lines, events, times, begin)
    yield from (Moment(at, trial, line=line) for at, line in zip(printed, lines, strict=True))
    yield from (Moment(at, trial, event) for at, event in zip(times, events, strict=True))


def _events(file: Traversable) -> Iterator[Event]:
    for line in _bytes(file).split(b"\n")[:-1]:
        try:
            yield decode(line)
        except EventError:
            continue


def _bytes(file: Traversable) -> bytes:
    return file.read_bytes() if file.is_file() else b""
