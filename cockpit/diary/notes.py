"""The user's own words below an entry: found, replaced and added to, with every byte around them as it was."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from difflib import SequenceMatcher
from itertools import pairwise
from pathlib import Path

from cockpit.diary.book import change
from cockpit.diary.entries import FILE, find, newline_of
from cockpit.events.redaction import redacted
from cockpit.events.text import safe_text
from cockpit.store.folder import FolderError, RunFolder

MARKS = ("✅", "❌", "➖")

_MARKER = r"<!-- cockpit:{} exp\d+ -->(?=[ \t]*\r?$)"
_DATED = r"\ufeff?# \d{4}-\d\d-\d\d\b"
_BOUNDARY = re.compile(rf"^(?:{_MARKER.format('begin')}|{_DATED})", re.MULTILINE)
_STRUCTURE = re.compile(rf"^(?:{_MARKER.format('(?:begin|end)')}|{_DATED}).*", re.MULTILINE)
_LINE = re.compile(r"([^\r\n]*)(\r\n|\n|\r|\Z)")
_UNDECODED = re.compile(r"[\udc80-\udcff]")
# What is Markdown only at the beginning of a line: a mark before it would take that away.
_BLOCK = re.compile(r"[ ]{0,3}(?:[-+*]|#{1,6}|\d{1,9}[.)])(?:\s|$)|[ ]{0,3}(?:[>|]|```|~~~|---|===)| {4}|\t")


class NotesChangedError(FolderError):
    """Somebody else wrote these notes in the meantime."""


def notes_of(text: str, experiment: str) -> str:
    """What the user wrote below an entry, without the blank lines around it; empty when he wrote nothing.

    It reaches from the entry's end marker to the next entry, the next dated heading or the end of the diary. Raises
    `FolderError` when the entry is not there or its markers are not one pair.
    """
    start, end = _place_of_notes(text, experiment)
    return text[start:end]


def shown(notes: str) -> str:
    """Notes as an editor shows them: every line ends with `\\n`, bytes that are no UTF-8 as `\\xff`, nothing unsafe."""
    return "\n".join(_safe(line) for line, _ in _lines(notes))


def without_blank_lines(text: str, start: int, end: int) -> tuple[int, int]:
    """The range in `text[start:end]` without the blank lines around it; `(start, start)` when it is all blank."""
    position, filled = start, []
    for line, ending in _lines(text[start:end]):
        if line.strip():
            filled.append((position, position + len(line)))
        position += len(line) + len(ending)
    return (filled[0][0], filled[-1][1]) if filled else (start, start)


def mark_of(notes: str) -> str:
    """The user's verdict, ✅, ❌ or ➖: the first character of his notes. Empty when there is none."""
    return notes[:1] if notes.startswith(MARKS) else ""


def with_mark(notes: str, mark: str, newline: str = "\n") -> str:
    """`notes` with this mark before them; the one that they have already, or an empty one, takes the mark away."""
    rest, present = notes, mark_of(notes)
    if present:
        rest = notes[1:].lstrip("\r\n") if notes[1:2] in ("\r", "\n") else notes[1:].removeprefix(" ")
    return rest if mark in ("", present) else _marked(rest, mark, newline)


def replace_notes(logs: Path, run: RunFolder, before: str, after: str) -> Path:
    """Put `after` in the place of the notes of an experiment, which are still `before`; return the diary's path.

    Both may be as `shown`. Lines that stay the same keep their bytes, new ones are made safe and lose secrets. Raises
    `NotesChangedError` when the notes are others by now, and `FolderError` when the entry is not there, its markers
    are damaged, or a new line would be a marker or a dated heading.
    """

    def edit(present: str, newline: str) -> str:
        _refuse_other_notes(run, present, before)
        return _merged(present, after, newline)

    return _change(logs, run, edit)


def mark_notes(logs: Path, run: RunFolder, mark: str) -> Path:
    """Put this mark before the notes of an experiment, whatever they are, or with an empty one take theirs away.

    Returns the diary's path; raises `FolderError` like `replace_notes`.
    """

    def edit(present: str, newline: str) -> str:
        return present if mark == mark_of(present) else with_mark(present, mark, newline)

    return _change(logs, run, edit)


def append_note(logs: Path, run: RunFolder, text: str) -> Path:
    """Add a paragraph below the notes of an experiment; return the diary's path. Raises like `replace_notes`."""
    lines = _without_blank_ends([_safe(line) for line, _ in _lines(redacted(text))])
    if not lines:
        raise FolderError(f"the note for {run.id} is empty; write some words")

    def edit(present: str, newline: str) -> str:
        paragraph = newline.join(lines)
        if present in MARKS:
            return _marked(paragraph, present, newline)
        return f"{present}{2 * newline if present else ''}{paragraph}"

    return _change(logs, run, edit)


def _change(logs: Path, run: RunFolder, edit: Callable[[str, str], str]) -> Path:
    """Replace the notes, under the diary's lock, by what `edit` makes of them and of the diary's line ending."""

    def on_diary(diary: str) -> str:
        newline = newline_of(diary)
        before = notes_of(diary, run.id)
        after = edit(before, newline)
        _refuse_structure(before, after)
        return _put(diary, run.id, after, newline)

    return change(logs, on_diary, "the note is not in it")


def _place(text: str, experiment: str) -> tuple[int, int]:
    """Everything between the end marker and what comes next, blank lines included."""
    entry = find(text, experiment)
    if entry is None:
        raise FolderError(f"{FILE}: no entry of {experiment} yet; write it with `cockpit diary {experiment} --write`")
    boundary = _BOUNDARY.search(text, entry[1])
    return entry[1], boundary.start() if boundary else len(text)


def _place_of_notes(text: str, experiment: str) -> tuple[int, int]:
    """The notes without blank lines around them; an empty range when there are none."""
    return without_blank_lines(text, *_place(text, experiment))


def _put(text: str, experiment: str, notes: str, newline: str) -> str:
    start, end = _place_of_notes(text, experiment)
    if start != end or not notes:
        return text[:start] + notes + text[end:]
    # Nothing but blank lines yet: one of them stays above, one below if something follows, and missing ones are made.
    start, end = _place(text, experiment)
    lines = re.findall(r"[^\n]*\n|[^\n]+\Z", text[start:end])
    above, below = lines[:2], lines[2:]
    if above and not above[-1].endswith("\n"):
        above[-1] += newline
    above += [newline] * (2 - len(above))
    below = [newline] * ((2 if text[end:] else 1) - len(below)) + below
    return "".join([text[:start], *above, notes, *below, text[end:]])


def _merged(before: str, after: str, newline: str) -> str:
    """`after`, with the bytes of `before` for every line that reads the same."""
    old = list(_lines(before))
    new = _without_blank_ends([_safe(line) for line, _ in _lines(after)])
    merged: list[tuple[str, str]] = []
    matcher = SequenceMatcher(None, [_safe(line) for line, _ in old], new)
    for tag, old_from, old_to, new_from, new_to in matcher.get_opcodes():
        kept = old[old_from:old_to] if tag == "equal" else [(line, newline) for line in new[new_from:new_to]]
        merged += [(line, ending or newline) for line, ending in kept]
    # A lone return before an empty line's line feed would be one ending together with it.
    joined = [
        line + (newline if ending == "\r" and not following and following_ending == "\n" else ending)
        for (line, ending), (following, following_ending) in pairwise(merged)
    ]
    return "".join(joined) + (merged[-1][0] if merged else "")


def _marked(notes: str, mark: str, newline: str) -> str:
    if not notes:
        return mark
    return f"{mark}{2 * newline}{notes}" if _BLOCK.match(notes) else f"{mark} {notes}"


def _lines(text: str) -> Iterator[tuple[str, str]]:
    """Each line and its ending; the last one, which may be empty, has none."""
    for match in _LINE.finditer(text):
        yield match[1], match[2]
        if not match[2]:
            return


def _without_blank_ends(lines: list[str]) -> list[str]:
    filled = [number for number, line in enumerate(lines) if line.strip()]
    return lines[filled[0] : filled[-1] + 1] if filled else []


def _safe(line: str) -> str:
    """A line of any length without secrets and without what could steer a terminal."""
    readable = _UNDECODED.sub(lambda match: f"\\x{ord(match[0]) - 0xDC00:02x}", line)
    return redacted(safe_text(readable, longest_line=len(readable) + 1))


def _refuse_other_notes(run: RunFolder, present: str, before: str) -> None:
    if shown(present) != shown(before):
        raise NotesChangedError(
            f"{FILE}: somebody else changed the notes of {run.id} meanwhile; read them again, then repeat your change"
        )


def _refuse_structure(before: str, after: str) -> None:
    """No new line may begin or end an entry, or a day."""
    known = set(_STRUCTURE.findall(before))
    for line in _STRUCTURE.findall(after):
        if line in known:
            continue
        if line.startswith("<"):
            raise FolderError(f"the note holds a line that only the diary may write, {safe_text(line)}; leave it out")
        raise FolderError(f"the note's line {safe_text(line)!r} would begin another day; write ## in place of #")
