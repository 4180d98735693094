"""`diary.md` and the reports beside it: puts the entries of experiments in, and touches nothing else."""

from __future__ import annotations

import fcntl
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from cockpit.diary.effort import date_text
from cockpit.diary.entries import FILE, Entry, find, places, put_all
from cockpit.diary.facts import gather
from cockpit.diary.page import REPORT, entry
from cockpit.diary.past import Past, past_of
from cockpit.diary.report import report
from cockpit.diary.safe_file import change_file
from cockpit.diary.written import Written
from cockpit.store.folder import FolderError, RunFolder
from cockpit.store.summary import replace_file


def write_entry(logs: Path, run: RunFolder) -> Path:
    """Write an experiment's report, put its entry into the diary or replace it there; return the diary's path.

    Raises `FolderError` when one of them cannot be written or the diary's markers are not in pairs.
    """
    refused = write_entries(logs, [run])
    if refused:
        raise refused[run.name]
    return logs / FILE


def stale(logs: Path, runs: Sequence[RunFolder]) -> list[RunFolder]:
    """The experiments whose entry or report is missing, was changed, or would be written otherwise by now."""
    past, written, text = past_of(logs), Written(logs), _text(logs)
    known = places(text)

    def is_current(run: RunFolder) -> bool:
        place = known.get(run.id)
        return isinstance(place, tuple) and written.is_current(run, past, text[slice(*place)])

    return [run for run in runs if not is_current(run)]


def write_entries(logs: Path, runs: Sequence[RunFolder]) -> dict[str, FolderError]:
    """Write reports and entries of these experiments, with one look at the diary and one change of it.

    Returns what kept entries from being written, by the experiment's folder. Raises `FolderError` when the diary cannot
    be read or written.
    """
    past, known = past_of(logs), places(_text(logs))
    refused: dict[str, FolderError] = {}
    made: dict[str, tuple[RunFolder, Entry]] = {}
    for run in runs:
        place = known.get(run.id)
        try:
            if isinstance(place, FolderError):
                raise place
            made[run.id] = run, _made(logs, run, past)
        except FolderError as error:
            refused[run.name] = error

    def refuse(experiment: str, error: FolderError) -> None:
        refused[made[experiment][0].name] = error

    def edit(text: str) -> str:
        return put_all(text, [entry for _, entry in made.values()], refuse)

    if made:
        records = next(iter(made.values()))[0].path if len(made) == 1 else logs
        change(logs, edit, f"the record in {records} is whole")
        _note(logs, [run for run, _ in made.values() if run.name not in refused], past)
    return refused


def _made(logs: Path, run: RunFolder, past: Past) -> Entry:
    """An experiment's entry. Its report is written on the way."""
    facts = gather(logs, run, past)
    _write_report(run.path / REPORT, report(facts))
    return Entry(run.id, entry(facts), date_text(facts))


def _write_report(path: Path, text: str) -> None:
    try:
        if not path.exists() or path.read_text(encoding="utf-8", errors="replace") != text:
            replace_file(path, text)
    except OSError as error:
        raise FolderError(f"{path}: cannot write the report ({error.strerror})") from None


def _note(logs: Path, runs: Sequence[RunFolder], past: Past) -> None:
    """Remember what was written, as it stands there now."""
    text, written = _text(logs), Written(logs)
    known = places(text)
    for run in runs:
        place = known.get(run.id)
        if isinstance(place, tuple):
            written.note(run, past, text[slice(*place)])
    written.save()


def read(logs: Path) -> str:
    """The diary to look at: bytes that are no UTF-8 show as `\\xff`. Empty when there is none, or it cannot be read."""
    try:
        return (logs / FILE).read_bytes().decode("utf-8", "backslashreplace")
    except OSError:
        return ""


def has_entry(logs: Path, run: RunFolder) -> bool:
    """Whether the diary has an entry of this experiment. Raises `FolderError` when its markers are damaged."""
    return find(_text(logs), run.id) is not None


def change(logs: Path, edit: Callable[[str], str], consolation: str) -> Path:
    """Replace the diary's text by what `edit` makes of it, one process after the other; return the diary's path.

    Bytes that are no UTF-8 come as lone surrogates and go back as they were. Raises `FolderError`, which ends with
    `consolation`, when the diary cannot be written. `edit` may be called again where somebody saves it meanwhile.
    """
    path = logs / FILE

    def edit_bytes(content: bytes) -> bytes:
        return edit(content.decode("utf-8", "surrogateescape")).encode("utf-8", "surrogateescape")

    try:
        with _locked(logs):
            change_file(path, edit_bytes)
    except OSError as error:
        raise FolderError(f"{path}: cannot write the diary ({error.strerror}); {consolation}") from None
    return path


def _text(logs: Path) -> str:
    """The diary with its bytes that are no UTF-8 as lone surrogates. Raises `FolderError` when it cannot be read."""
    path = logs / FILE
    try:
        return path.read_bytes().decode("utf-8", "surrogateescape")
    except FileNotFoundError:
        return ""
    except OSError as error:
        raise FolderError(f"{path}: cannot read the diary ({error.strerror})") from None


@contextmanager
def _locked(logs: Path) -> Iterator[None]:
    """Two sweeps that end at once write one after the other."""
    with (logs / ".diary.lock").open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield
