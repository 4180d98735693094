"""Notes by version: `## Version 7`, `**change**`, `**score** 0.9431 (merge with version 6 …)`, and what it printed."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace

from cockpit.importers.contract import Scored, Unread
from cockpit.importers.notes import settings, words
from cockpit.importers.notes.document import Block, Heading, Part, Prose, plain
from cockpit.importers.notes.entries import Entry, Findings, Value

_HEADING = re.compile(
    r"[\s*_]*(?:(?P<date>\d{4}(?:[-/]\d\d?[-/]\d\d?)?):?\s*)?"
    r"(?:(?:ver?sion|v[ersion]{3,7})\s*|v\s?)(?P<number>\d{1,5})(?![\w.]*\d)(?P<rest>.*)",
    re.IGNORECASE,
)
FIELD = re.compile(
    r"(?:[-+]\s+)?(?P<mark>\*{1,3}|_{1,2}|)"
    r"(?P<name>score|lb|public(?: lb| score)?|private(?: lb| score)?|changes?|cv)"
    r"\s*(?P<colon>[:：]?)\s*(?P=mark)(?![\w*])\s*(?P<sign>[:：=]|->|→|)\s*(?P<rest>.*)",
    re.IGNORECASE,
)
MERGE = re.compile(
    r"\W*(?P<runs>v(?:ersion\s*)?\d{1,4}(?:\s*(?:[+&,、]|and)\s*v?(?:ersion\s*)?\d{1,4}){1,20})\s*(?:->|=+>|→|:|：|=|は)\s*"
    r"(?P<score>0?\.\d{2,8})(?P<rest>.*)",
    re.IGNORECASE,
)
_SCORE = re.compile(r"\s*(?P<score>[-+]?(?:\d{1,6}(?:\.\d{1,12})?|\.\d{1,12}))(?![\w.])[\s*]*(?P<rest>.*)")
_DECIMAL = re.compile(r"\d{0,6}\.\d")  # what a field without any mark has to begin with
_BARE = re.compile(r"[\s*]*(?P<score>[01]?\.\d{3,6})[\s*]*$")
_TRIM = " \t,;:.-–—*_"


@dataclass(frozen=True, slots=True)
class Title:
    """What a heading says of the run that begins with it."""

    label: str
    date: str = ""
    change: str = ""


def version(heading: Heading) -> Title | None:
    """The version that a heading names; None when it names none, or several that were merged."""
    found = None if MERGE.match(plain(heading.text)) else _HEADING.match(heading.text)
    if found is None:
        return None
    return Title(f"V{int(found['number'])}", found["date"] or "", plain(found["rest"]).strip(_TRIM))


def says_a_score(line: Prose) -> bool:
    """Whether the line tells a score of the run that it stands under, or of a merge."""
    text = plain(line.text)
    field = FIELD.match(line.text)
    return bool(MERGE.match(text) or _BARE.match(text) or (field and _SCORE.match(plain(field["rest"]))))


class Sections:
    """Reads the parts of a document in which `title` tells the headings that begin a run from the others.

    A run reaches to the next one, or to a heading that stands no lower than its own. `entry` is the run of what stands
    before all headings, where it is one.
    """

    def __init__(
        self, findings: Findings, title: Callable[[Heading], Title | None] = version, entry: Entry | None = None
    ) -> None:
        self._findings = findings
        self._title_of = title
        self._entry = entry
        self._level = 0
        self._title = ""
        self._first: dict[str, list[str]] = {}  # paragraph of each run
        self._paragraph = -1

    def read(self, parts: Iterable[Part]) -> None:
        """All of it."""
        for part in parts:
            if isinstance(part, Heading):
                self._heading(part)
            elif isinstance(part, Block):
                self._paragraph = -2 if self._entry else -1
                self._findings.keep(part, self._entry)
            else:
                self._line(part)
        merged = {
            entry.label: _conclude(entry, self._first.get(entry.label, [])) for entry in self._findings.entries.values()
        }
        self._findings.scores = [
            replace(score, merged=score.merged or merged.get(score.key, ())) for score in self._findings.scores
        ]

    def _heading(self, heading: Heading) -> None:
        title = self._title_of(heading)
        if title is not None:
            self._entry, self._level, self._paragraph = self._findings.entry(title.label), heading.level, -1
            self._entry.words += [title.date] if title.date else []
            self._entry.changes += [title.change] if title.change else []
            return
        text = plain(heading.text)
        merge = MERGE.match(text)
        if self._entry is None or heading.level <= self._level:
            self._entry, self._title = None, text
        if merge:
            self._merged(merge)
        else:
            self._say(f"{'#' * heading.level} {text}")

    def _line(self, line: Prose) -> None:
        text = plain(line.text)
        merge, field = MERGE.match(text), FIELD.match(line.text)
        if merge:
            self._merged(merge)
        elif self._entry is None:
            self._findings.unread += [Unread(line.line, text)] if _BARE.match(text) else []
            self._say(text)
        elif field and (field["mark"] or field["colon"] or field["sign"] or _DECIMAL.match(field["rest"])):
            self._field(self._entry, field["name"].lower(), plain(field["rest"]))
        elif _BARE.match(text):
            self._score(self._entry, text)
        elif self._paragraph in (-1, line.paragraph):
            self._paragraph = line.paragraph
            self._first.setdefault(self._entry.label, []).append(text)
        else:
            self._entry.words.append(text)

    def _field(self, entry: Entry, name: str, rest: str) -> None:
        self._paragraph = -2
        if name.startswith("change"):
            entry.changes.append(rest)
        elif name == "cv":
            found = _SCORE.match(rest)
            if found:
                entry.values.append(Value(metrics={"cv": float(found["score"])}))
            entry.words.append(f"cv {rest}")
        elif not self._score(entry, rest, private=name.startswith("private")):
            entry.words.append(f"{name} {rest}")

    def _score(self, entry: Entry, text: str, private: bool = False) -> bool:
        self._paragraph = -2
        found = _SCORE.match(text)
        if found:
            note = found["rest"].strip().removeprefix("(").removesuffix(")")
            merged = words.merged_with(note, entry.label)
            value = float(found["score"])
            self._findings.score(Scored(key=entry.label, value=value, private=private, merged=merged, note=note), entry)
        return found is not None

    def _merged(self, found: re.Match[str]) -> None:
        merged = tuple(f"V{int(number)}" for number in re.findall(r"\d{1,4}", found["runs"]))
        note = found["rest"].strip(_TRIM + "()") or self._title
        self._findings.score(Scored(value=float(found["score"]), merged=merged, note=note))

    def _say(self, text: str) -> None:
        (self._findings if self._entry is None else self._entry).words.append(text)


def _conclude(entry: Entry, first: list[str]) -> tuple[str, ...]:
    """Say what can be said of a run when all of its words are known; return the labels that it was merged with."""
    said = [*entry.changes, *first, *entry.words]
    for line in first:
        failed = [clause for clause in words.clauses(line) if words.failure_in(clause)]
        entry.failure = entry.failure or "; ".join(failed)
    if entry.changes:
        entry.words = [*first, *entry.words]
    elif first:
        rest = [clause for line in first for clause in words.clauses(line) if not words.failure_in(clause)]
        if entry.failure:
            entry.changes, entry.words = [", ".join(rest)] if rest else [], [*first, *entry.words]
        else:
            entry.changes = ["; ".join(first)]
    code = "\n\n".join(block.text for block in entry.code)
    entry.config = {**settings.in_code(code), **entry.config}
    for text in (*entry.words, *first, *entry.changes):
        entry.config.update(settings.in_words(text))
    return words.merged_with("\n".join(said), entry.label)
