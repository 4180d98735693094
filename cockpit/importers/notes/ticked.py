"""Notes by ✅ and ❌: each line with a mark is a change that was tried, with its code and its plot below it."""

from __future__ import annotations

import re
from collections.abc import Sequence

from cockpit.events.text import one_line
from cockpit.importers.contract import Scored
from cockpit.importers.notes import settings
from cockpit.importers.notes.document import Block, Heading, Part, Prose, plain
from cockpit.importers.notes.entries import BETTER, EVEN, WORSE, Entry, Findings

MARKS = {
    "✅": BETTER, "✔": BETTER, "☑": BETTER, ":white_check_mark:": BETTER, ":heavy_check_mark:": BETTER,
    "❌": WORSE, "✗": WORSE, "✘": WORSE, "❎": WORSE, ":x:": WORSE, "➖": EVEN, ":heavy_minus_sign:": EVEN,
}  # fmt: skip
BASELINE = "baseline"

_MARK = re.compile("|".join(map(re.escape, MARKS)))
_QUALITY = r"(?:the )?(?:quality|scores?|results?|metrics?)"
_LEGEND = re.compile(  # what a mark means, not what was tried
    r"\ufe0f?\s*(?:=|means\b|stands for\b"
    r"|[:—–-]?\s*(?:it |that )?(?:"
    rf"(?:raised|improve[sd]?|increase[sd]?|did ?n[o']t (?:raise|improve|increase)) {_QUALITY}\W*$"
    r"|(?:helped|worked|did not|did ?n[o']t help|no improvement|kept|rejected)\W*$))",
    re.IGNORECASE,
)
_BULLET = re.compile(r"(?:[-*+]|\d{1,3}[.)])\s+(?:\[[ xX]\]\s+)?")
_SCORE = re.compile(
    r"\b(?P<private>private\s+)?(?:public|lb|leaderboard|private|final)(?:\s+(?:lb|score))?\b(?P<rest>.*\d.*)",
    re.IGNORECASE,
)
_BEFORE = (
    re.compile(r"(0?\.\d{2,8})\s*(?:->|→|=>|⇒)\s*0?\.\d{2,8}"),
    re.compile(r"\b(?:baseline|starter|before|from|was)\b[^\d.]{0,30}(0?\.\d{2,8})", re.IGNORECASE),
    re.compile(r"(0?\.\d{2,8})[^\d.]{0,12}\bbaseline\b", re.IGNORECASE),
)
_RULE = re.compile(r"[\s|:-]+$")
_VALUE = re.compile(r"(?<![\w.])0?\.\d{2,8}(?![\w.])")
_LONGEST_LABEL = 60


def mark_in(text: str) -> str:
    """The verdict of a line that speaks of one change; empty for others, and for the legend of the marks."""
    found = _MARK.findall(text)
    if not found or len({MARKS[mark] for mark in found}) > 1:
        return ""
    first = _MARK.search(_BULLET.sub("", text, count=1))
    is_legend = first is not None and first.start() == 0 and _LEGEND.match(first.string, first.end())
    return "" if is_legend else MARKS[found[0]]


def says_a_score(text: str) -> bool:
    """Whether the line tells a score of a leaderboard."""
    found = _SCORE.search(text)
    return found is not None and _VALUE.search(found["rest"]) is not None


class Changes:
    """Reads the parts of such a document one by one."""

    def __init__(self, findings: Findings) -> None:
        self._findings = findings
        self._entry: Entry | None = None
        self._part = ""
        self._level = 0

    def read(self, parts: Sequence[Part]) -> None:
        """All of it."""
        for part in parts:
            if isinstance(part, Block):
                self._findings.keep(part, self._entry)
                if self._entry is not None and not part.is_log:
                    self._entry.config = {**settings.in_code(part.text), **self._entry.config}
            else:
                self._line(part)
        if BASELINE in self._findings.entries:
            for label, entry in self._findings.entries.items():
                entry.parent = "" if label == BASELINE else BASELINE

    def _line(self, part: Prose | Heading) -> None:
        mark = mark_in(part.text)
        text = plain(_MARK.sub("", _BULLET.sub("", part.text, count=1))).replace("\ufe0f", "").strip(" \t|:—–-")
        score = _SCORE.search(plain(part.text))
        if _RULE.match(part.text):
            return
        if mark and text:
            self._begin(text, mark, part.level if isinstance(part, Heading) else 0)
        elif isinstance(part, Heading):
            if self._entry is None or part.level <= max(self._level, 1) or not self._level:
                self._entry, self._part = None, text
            else:
                self._entry.words.append(text)
        elif score and _VALUE.search(score["rest"]):
            self._score(plain(part.text), score)
        elif self._entry is not None:
            self._entry.words.append(plain(part.text))
        else:
            self._findings.words.append(plain(part.text))

    def _begin(self, text: str, mark: str, level: int) -> None:
        label = one_line(text.replace("`", ""), _LONGEST_LABEL)
        is_new = label not in self._findings.entries
        self._entry, self._level = self._findings.entry(label), level
        self._entry.verdict = mark
        self._entry.changes.append(text)
        if self._part and is_new:
            self._entry.words.append(self._part)
        self._entry.config.update(settings.in_words(text.replace("`", "")))

    def _score(self, text: str, found: re.Match[str]) -> None:
        """A score of everything that was kept, often with the one that it began from."""
        self._entry = None
        private = found["private"] is not None
        before = next((known[1] for one in _BEFORE if (known := one.search(found["rest"]))), "")
        values = [value for value in _VALUE.findall(found["rest"]) if value != before]
        if before:
            entry = self._findings.entry(BASELINE)
            if not entry.is_scored:
                self._findings.score(Scored(key=BASELINE, value=float(before), private=private, note=text), entry)
        if values:
            self._findings.score(Scored(value=float(values[0]), private=private, note=text))
