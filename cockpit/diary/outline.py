"""The diary as a list of sections to show one by one, and as a list of its headings."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal, NamedTuple

from cockpit.diary.notes import mark_of, without_blank_lines
from cockpit.events.text import one_line

VERDICTS = ("✅", "❌", "➖", "⏳", "⚠")

# Every line is looked at once, from the line break before it: that is much faster than `^`.
_PART = re.compile(
    r"\n(?:<!-- cockpit:(begin|end) (exp\d+) -->[ \t]*(?=\r?(?:\n|\Z))|(\ufeff?# (\d{4}-\d\d-\d\d)\b[^\n]*))"
)
_HEADING = re.compile(r"\n {0,3}(?:(#{1,6})(?:[ \t]+([^\n]*)|(?=\r?(?:\n|\Z)))|(`{3,}|~{3,})([^\n]*))")
_ENTRY_TITLE = re.compile(r"\A\s*#{1,6}[ \t]+([^\n]*)")
_ESCAPE = re.compile(r"\\([!-/:-@\[-`{-~])")


@dataclass(frozen=True, slots=True)
class Section:
    """One part of the diary: an entry with the user's notes below it, or what he wrote outside all entries.

    `experiment` and `generated` are empty outside entries. `date` is that of the dated heading above, empty before
    the first; `title` is the text of the dated heading where the section begins with one. `line` and `notes_line`
    count from 1 and say where the section and its notes begin.
    """

    experiment: str
    date: str
    title: str
    generated: str
    notes: str
    line: int
    notes_line: int


@dataclass(frozen=True, slots=True)
class Heading:
    """One line of the outline: a day, an entry, or a heading that the user wrote.

    `verdict` is the glyph that the entry gives itself, `mark` the user's own; both are empty where there is none.
    `experiment` is the entry that it belongs to, empty outside entries; `line` counts from 1.
    """

    kind: Literal["date", "experiment", "words"]
    level: int
    title: str
    verdict: str
    mark: str
    line: int
    experiment: str


def sections(text: str) -> list[Section]:
    """The whole diary in order. Markers that are no pair are words like others, so nothing is left out."""
    parts = list(_parts(text))
    first = parts[0].start if parts else len(text)
    if text[:first].strip():
        parts.insert(0, _Part(start=0, notes_from=0))
    lines = _Lines(text)
    found, date = [], ""
    for part, end in zip(parts, [*(part.start for part in parts[1:]), len(text)], strict=False):
        notes_from, notes_to = without_blank_lines(text, part.notes_from, end)
        date = part.date or date
        found.append(
            Section(
                experiment=part.experiment,
                date=date,
                title=part.title,
                generated=part.generated,
                notes=text[notes_from:notes_to],
                line=lines.number(part.start),
                notes_line=lines.number(notes_from),
            )
        )
    return found


def outline(text: str) -> list[Heading]:
    """The headings of the diary in order."""
    return [heading for section in sections(text) for heading in headings(section)]


def headings(section: Section) -> Iterator[Heading]:
    """What one section adds to the outline."""
    if section.title:
        yield Heading("date", 1, section.title, "", "", section.line, "")
    if section.experiment:
        title, verdict = _entry_title(section)
        yield Heading("experiment", 2, title, verdict, mark_of(section.notes), section.line, section.experiment)
    for level, title, line in _headings_of_notes(section.notes):
        yield Heading("words", level, title, "", "", section.notes_line + line, section.experiment)


class _Part(NamedTuple):
    """Where a section begins and where its notes do."""

    start: int
    notes_from: int
    experiment: str = ""
    date: str = ""
    title: str = ""
    generated: str = ""


def _parts(text: str) -> Iterator[_Part]:
    found = list(_PART.finditer(f"\n{text}"))  # so every match stands where its line does in `text`
    ends = _ends_of_pairs(found)
    done = 0
    for part in found:
        start, after, experiment = part.start(), part.end() - 1, part[2]
        if start < done or part[1] == "end":
            continue
        if part[3]:
            yield _Part(start, after, date=part[4], title=one_line(part[3].lstrip("\ufeff# ")))
        elif experiment in ends:
            end = ends[experiment]
            done = end.end() - 1
            yield _Part(start, done, experiment, generated=text[after : end.start()].strip("\r\n"))
        else:
            yield _Part(start, notes_from=start)


def _ends_of_pairs(parts: list[re.Match[str]]) -> dict[str, re.Match[str]]:
    """The end marker of each experiment that has one pair of markers in order, as `entries.find` wants it."""
    markers: dict[str, list[re.Match[str]]] = {}
    for part in parts:
        if part[1]:
            markers.setdefault(part[2], []).append(part)
    return {name: two[1] for name, two in markers.items() if [marker[1] for marker in two] == ["begin", "end"]}


def _entry_title(section: Section) -> tuple[str, str]:
    """The heading that an entry has, without Markdown's backslashes, and the verdict at its end."""
    match = _ENTRY_TITLE.match(section.generated)
    title = one_line(_ESCAPE.sub(r"\1", match[1])) if match else section.experiment
    verdict = next((glyph for glyph in VERDICTS if title.endswith(glyph)), "")
    return title.removesuffix(verdict).rstrip(), verdict


def _headings_of_notes(notes: str) -> Iterator[tuple[int, str, int]]:
    """Level, text and line, from 0, of every heading that does not stand in a block of code."""
    if "#" not in notes:
        return
    fence, lines = "", _Lines(notes)
    for match in _HEADING.finditer(f"\n{notes}"):
        mark, rest = match[3], match[4]
        if mark is None:
            if not fence:
                title = re.sub(r"[ \t]+#+[ \t\r]*$", "", match[2] or "")
                yield len(match[1]), one_line(title), lines.number(match.start()) - 1
        elif not fence:
            fence = mark
        elif mark.startswith(fence) and not rest.strip():
            fence = ""


class _Lines:
    """Counts lines up to positions that only grow."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._position, self._number = 0, 1

    def number(self, position: int) -> int:
        """The number, from 1, of the line at this position."""
        self._number += self._text.count("\n", self._position, position)
        self._position = position
        return self._number
