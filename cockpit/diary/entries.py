"""The generated parts of a diary: where they begin and end, and how they are put in. All text around them stays."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from typing import NamedTuple

from cockpit.store.folder import FolderError

FILE = "diary.md"
_DATE = re.compile(r"^\ufeff?# (\d{4}-\d\d-\d\d)\b", re.MULTILINE)
_MARKER = re.compile(r"^<!-- cockpit:(begin|end) (\S+) -->(?=[ \t]*\r?$)", re.MULTILINE)

Place = tuple[int, int]


class Entry(NamedTuple):
    """An experiment's entry: lines without the markers, and the day that it stands under where it is new."""

    experiment: str
    body: str
    date: str


def markers(experiment: str) -> tuple[str, str]:
    """The comment lines around an experiment's generated text."""
    return f"<!-- cockpit:begin {experiment} -->", f"<!-- cockpit:end {experiment} -->"


def places(text: str) -> dict[str, Place | FolderError]:
    """Where the generated text of each experiment begins and ends, markers included.

    An error stands for one whose markers are no pair.
    """
    begins: dict[str, list[int]] = {}
    ends: dict[str, list[int]] = {}
    for match in _MARKER.finditer(text):
        if match[1] == "begin":
            begins.setdefault(match[2], []).append(match.start())
        else:
            ends.setdefault(match[2], []).append(match.end())
    names = dict.fromkeys([*begins, *ends])
    return {name: _pair(name, begins.get(name, []), ends.get(name, [])) for name in names}


def find(text: str, experiment: str) -> Place | None:
    """Where the generated text of an experiment begins and ends, markers included; None when it is not there.

    Raises `FolderError` for a marker without its partner.
    """
    place = places(text).get(experiment)
    if isinstance(place, FolderError):
        raise place
    return place


def put(text: str, experiment: str, body: str, date: str) -> str:
    """`put_all` for one entry. Raises `FolderError` where its markers are damaged."""

    def refuse(_: str, error: FolderError) -> None:
        raise error

    return put_all(text, [Entry(experiment, body, date)], refuse)


def put_all(text: str, entries: Iterable[Entry], refuse: Callable[[str, FolderError], None]) -> str:
    """`text` with these entries; an experiment whose markers are damaged is told to `refuse` and left as it is.

    A new entry goes to the end, under a heading of its date if the last dated heading is of an earlier day; headings
    never go back, though a log may be imported long after it was written. So does an entry that somebody moved into
    another one. Line endings are those of most of the other lines.
    """
    known = places(text)
    new, replaced = [], []
    for entry in entries:
        place = known.get(entry.experiment)
        if isinstance(place, FolderError):
            refuse(entry.experiment, place)
        elif place is None:
            new.append(entry)
        else:
            replaced.append((place, entry))
    around, kept, at = [], [], 0
    for (begin, end), entry in sorted(replaced):
        if begin < at:
            new.append(entry)
            continue
        around.append(text[at:begin])
        kept.append(entry)
        at = end
    around.append(text[at:])
    newline = newline_of("".join(around))
    pieces = [around[0]]
    for entry, after in zip(kept, around[1:], strict=True):
        pieces += [_generated(entry, newline), after]
    return _with_new("".join(pieces), new, newline)


def newline_of(text: str) -> str:
    """The line ending of most lines."""
    return "\r\n" if 2 * text.count("\r\n") > text.count("\n") else "\n"


def _pair(experiment: str, begins: list[int], ends: list[int]) -> Place | FolderError:
    if len(begins) == len(ends) == 1 and begins[0] < ends[0]:
        return begins[0], ends[0]
    begin, end = markers(experiment)
    return FolderError(
        f"{FILE}: the markers of {experiment} are not one pair in order; put {begin} and {end} around its entry, "
        "or remove both"
    )


def _generated(entry: Entry, newline: str) -> str:
    begin, end = markers(entry.experiment)
    return newline.join([begin, *entry.body.split("\n"), end])


def _with_new(text: str, new: Iterable[Entry], newline: str) -> str:
    dates = _DATE.findall(text)
    last = dates[-1] if dates else ""
    pieces = [text]
    # One blank line before each, without touching a character of what is there.
    trailing = len(text) - len(text.rstrip("\r\n"))
    missing = max(0, 2 - trailing // len(newline)) if text else 0
    for entry in new:
        heading = f"# {entry.date}{newline}{newline}" if entry.date > last else ""
        pieces.append(f"{newline * missing}{heading}{_generated(entry, newline)}{newline}")
        last, missing = max(entry.date, last), 1
    return "".join(pieces)
