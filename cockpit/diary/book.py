"""`diary.md`: finds, puts in and replaces the generated parts, and touches nothing else. Reports beside it."""

from __future__ import annotations

import fcntl
import os
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

from cockpit.diary.facts import gather
from cockpit.diary.page import REPORT, entry
from cockpit.diary.report import report
from cockpit.store.folder import FolderError, RunFolder

FILE = "diary.md"
_DATE = re.compile(r"^\ufeff?# (\d{4}-\d\d-\d\d)\b", re.MULTILINE)


def write_entry(logs: Path, run: RunFolder) -> Path:
    """Write an experiment's report, put its entry into the diary or replace it there; return the diary's path.

    Raises `FolderError` when one of them cannot be written or the diary's markers are not in pairs.
    """
    facts = gather(logs, run)
    date = datetime.fromtimestamp(facts.sweep.started or 0.0).strftime("%Y-%m-%d")
    body = entry(facts)
    _write_report(run.path / REPORT, report(facts))
    return change(logs, lambda text: put(text, run.id, body, date), f"the record in {run.path} is whole")


def _write_report(path: Path, text: str) -> None:
    try:
        if not path.exists() or _read(path) != text:
            _replace(path, text)
    except OSError as error:
        raise FolderError(f"{path}: cannot write the report ({error.strerror})") from None


def read(logs: Path) -> str:
    """The diary to look at: bytes that are no UTF-8 show as `\\xff`. Empty when there is none, or it cannot be read."""
    try:
        return (logs / FILE).read_bytes().decode("utf-8", "backslashreplace")
    except OSError:
        return ""


def has_entry(logs: Path, run: RunFolder) -> bool:
    """Whether the diary has an entry of this experiment. Raises `FolderError` when its markers are damaged."""
    path = logs / FILE
    try:
        return find(_read(path), run.id) is not None
    except OSError as error:
        raise FolderError(f"{path}: cannot read the diary ({error.strerror})") from None


def change(logs: Path, edit: Callable[[str], str], consolation: str) -> Path:
    """Replace the diary's text by what `edit` makes of it, one process after the other; return the diary's path.

    Bytes that are no UTF-8 come as lone surrogates and go back as they were. Raises `FolderError`, which ends with
    `consolation`, when the diary cannot be written.
    """
    path = logs / FILE
    try:
        with _locked(logs):
            before = _read(path)
            after = edit(before)
            if after != before:
                _replace(path, after)
    except OSError as error:
        raise FolderError(f"{path}: cannot write the diary ({error.strerror}); {consolation}") from None
    return path


def find(text: str, experiment: str) -> tuple[int, int] | None:
    """Where the generated text of an experiment begins and ends, markers included; None when it is not there.

    Raises `FolderError` for a marker without its partner.
    """
    begin, end = markers(experiment)
    begins = [match.start() for match in re.finditer(_marker_line(begin), text, re.MULTILINE)]
    ends = [match.end() for match in re.finditer(_marker_line(end), text, re.MULTILINE)]
    if not begins and not ends:
        return None
    if len(begins) != 1 or len(ends) != 1 or ends[0] < begins[0]:
        raise FolderError(
            f"{FILE}: the markers of {experiment} are not one pair in order; put {begin} and {end} around its entry, "
            "or remove both"
        )
    return begins[0], ends[0]


def markers(experiment: str) -> tuple[str, str]:
    """The comment lines around an experiment's generated text."""
    return f"<!-- cockpit:begin {experiment} -->", f"<!-- cockpit:end {experiment} -->"


def put(text: str, experiment: str, body: str, date: str) -> str:
    """`text` with `body` as the entry of `experiment`.

    A new entry goes to the end, under a heading of its date if the last dated heading is another one. Line endings
    are those of most of the other lines.
    """
    begin, end = markers(experiment)
    place = find(text, experiment)
    before, after = (text, "") if place is None else (text[: place[0]], text[place[1] :])
    newline = newline_of(before + after)
    generated = newline.join([begin, *body.split("\n"), end])
    if place is not None:
        return before + generated + after
    dates = _DATE.findall(text)
    heading = "" if dates and dates[-1] == date else f"# {date}{newline}{newline}"
    # One blank line before it, without touching a character of what is there.
    trailing = len(text) - len(text.rstrip("\r\n"))
    missing = max(0, 2 - trailing // len(newline)) if text else 0
    return f"{text}{newline * missing}{heading}{generated}{newline}"


def _read(path: Path) -> str:
    return path.read_bytes().decode("utf-8", "surrogateescape") if path.exists() else ""


def newline_of(text: str) -> str:
    """The line ending of most lines."""
    return "\r\n" if 2 * text.count("\r\n") > text.count("\n") else "\n"


def _marker_line(marker: str) -> str:
    return rf"^{re.escape(marker)}(?=[ \t]*\r?$)"


def _replace(path: Path, text: str) -> None:
    """Write a whole file at once, through a link to where it really is, with the permissions that it had."""
    real = path.resolve()
    temporary = real.with_name(f".{real.name}.{os.getpid()}.tmp")
    try:
        temporary.write_bytes(text.encode("utf-8", "surrogateescape"))
        if real.exists():
            temporary.chmod(real.stat().st_mode & 0o777)
        temporary.replace(real)
    except OSError:
        temporary.unlink(missing_ok=True)
        raise


@contextmanager
def _locked(logs: Path) -> Iterator[None]:
    """Two sweeps that end at once write one after the other."""
    with (logs / ".diary.lock").open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield
