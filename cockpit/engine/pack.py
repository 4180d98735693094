"""A run folder as one small file to give away: without the paths, names and numbers of the machine it ran on."""

from __future__ import annotations

import sys
import zipfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import cockpit
from cockpit.engine.packages import TOLD
from cockpit.events.codec import EventError, decode, encode
from cockpit.events.kinds import Answered, Attempt, Event, SweepStarted
from cockpit.store.folder import FolderError, RunFolder

KEPT = ("python", "cores", "gpus")  # of the environment, beside the versions
DATE = (1980, 1, 1, 0, 0, 0)  # the same run always gives the same file


def pack(run: RunFolder, path: Path) -> int:
    """Write ledger, events, output and search of a run into the zip `path`; return its size in bytes.

    Hosts, process numbers, the working folder, `data` and commands that people gave go; of paths only what stands below
    a known folder stays. What a trial printed is kept otherwise as it is. Raises `FolderError`.
    """
    if not run.sweep.exists():
        raise FolderError(f"{run.path}: no sweep.jsonl in it, so there is nothing to pack")
    scrub = _Scrubber(run)
    try:
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
            for file in _files(run):
                name = file.relative_to(run.path).as_posix()
                text = scrub.events(file) if file.suffix == ".jsonl" else scrub.text(file.read_bytes())
                info = zipfile.ZipInfo(name, DATE)
                info.compress_type = zipfile.ZIP_DEFLATED
                archive.writestr(info, text)
    except OSError as error:
        raise FolderError(f"{path}: cannot be written ({error.strerror or error})") from None
    return path.stat().st_size


def _files(run: RunFolder) -> Iterator[Path]:
    trials = [run.trial(trial) for trial in run.trial_ids()]
    yield from filter(Path.exists, (run.search, run.sweep))
    yield from filter(Path.exists, (file for trial in trials for file in (trial.events, trial.output)))


class _Scrubber:
    """Takes out of one run's files what belongs to its machine."""

    def __init__(self, run: RunFolder) -> None:
        self._words: list[tuple[bytes, bytes]] = []
        self._learn(run.path.resolve(), b"")
        self._learn(run.path.resolve().parent, b"")
        for event in _decoded(run.sweep):
            if isinstance(event, SweepStarted):
                self._learn(Path(event.data), b"")
                self._learn(Path(str(event.environment.get("folder", ""))), b"")
            elif isinstance(event, Answered) and event.who:
                self._words.append((event.who.encode(), b"somebody"))
        for place in (Path(cockpit.__file__).parents[1], Path(sys.prefix), Path.home()):
            self._learn(place, b"")

    def _learn(self, folder: Path, instead: bytes) -> None:
        if folder.is_absolute() and folder != Path("/"):
            self._words.append((f"{folder}/".encode(), instead))

    def text(self, text: bytes) -> bytes:
        """`text` with paths below known folders made relative to them."""
        for word, instead in self._words:
            text = text.replace(word, instead)
        return text

    def events(self, file: Path) -> bytes:
        """The events of a file; lines that are none are left out."""
        events = (event for event in _decoded(file) if not isinstance(event, Answered))
        return b"".join(self.text(encode(_anonymous(event))) for event in events)


def _decoded(file: Path) -> Iterator[Event]:
    for line in file.read_bytes().split(b"\n")[:-1]:
        try:
            yield decode(line)
        except EventError:
            continue


def _anonymous(event: Event) -> Event:
    if isinstance(event, Attempt):
        return replace(event, host="", pid=0)
    if not isinstance(event, SweepStarted):
        return event
    versions = event.environment.get("versions")
    known = versions if isinstance(versions, dict) else {}
    kept = {name: event.environment[name] for name in KEPT if name in event.environment}
    kept["versions"] = {name: version for name, version in known.items() if name in TOLD}
    return replace(event, host="", pid=0, data="", environment=kept)
