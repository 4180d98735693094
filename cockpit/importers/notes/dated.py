"""Notes by day: `# 2021/4/12` and below it lines such as `* exp044_2: dropout 0.2 -> CV 0.8618 LB 0.73 th=15`."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import date
from typing import NamedTuple

from cockpit.importers.contract import Scored, Unread
from cockpit.importers.notes import days, settings, words
from cockpit.importers.notes.document import Block, Heading, Part, Prose, plain
from cockpit.importers.notes.entries import Entry, Findings, Value
from cockpit.importers.notes.measured import Measured, measured, normal
from cockpit.importers.notes.sweeps import Swept, is_sweep, swept

_ID = r"(?:exp\d{3,4}(?:_(?:\d+|best))?|(?:optimize_)?ensemble_v\d+(?:_\d{8})?|EXP\d{3,4})(?![A-Za-z0-9_])"
_BULLET = re.compile(r"(?:[-*+・]|\d{1,3}[.)])\s*(?:\[[ xX]\]\s+)?")
_ENTRY = re.compile(rf"({_ID})(\s*(?::|->|→|は|より[、,]?|で|·|—|-(?=\s))?\s*)(.*)$")
_MENTION = re.compile(rf"(?<![A-Za-z0-9_])({_ID})")
_PARENT = re.compile(
    rf"(?<![A-Za-z0-9_])({_ID})\s*(?:\+|に(?!比)|から|ベース|をベース|を元|のコピー|based)"
    rf"|(?:from|based on|base[:=]?|parent[:=]?|on top of|copy of)\s+({_ID})",
    re.IGNORECASE,
)
_UNUSED = re.compile(r"欠番|\bunused\b|\bnever used\b", re.IGNORECASE)
_RESULT = re.compile(
    r"\s*(?:で|->|→|⇒|=>|:)?\s*(?:(?<![A-Za-z_])(?:cv|lb|(?:public|private) lb)(?![A-Za-z_])|\bepoch \d+ ?0?\.\d{2}).*",
    re.IGNORECASE | re.DOTALL,
)
_SAYS_A_SCORE = re.compile(r"(?<![A-Za-z_])(?:cv|lb)(?![A-Za-z_])[^\n]{0,12}0?\.\d{2}", re.IGNORECASE)

_ROUNDING = 0.0006  # by which a difference may be off that was taken from rounded scores


class Begin(NamedTuple):
    """The line with which an entry begins."""

    label: str
    text: str


def entry_in(part: Prose | Heading) -> Begin | None:
    """The entry that begins with this line: an item of a list, a heading, or words with a sign after the id."""
    bullet = _BULLET.match(part.text)
    rest = plain(part.text[bullet.end() if bullet else 0 :])
    found = _ENTRY.match(rest) or _ENTRY.match(normal(rest))
    if found is None or not (bullet or isinstance(part, Heading) or found[2].strip()):
        return None
    return Begin(found[1], found[3].strip())


class Diary:
    """Reads the parts of such a document one by one."""

    def __init__(self, findings: Findings) -> None:
        self._findings = findings
        self._entry: Entry | None = None
        self._day: date | None = None
        self._depth = 0
        self._level = 0  # of the heading that the entry began with; 0 for an item of a list
        self._swept: dict[str, dict[str, Entry]] = {}

    def read(self, parts: Sequence[Part]) -> None:
        """All of it."""
        headings = [part for part in parts if isinstance(part, Heading) and days.written(part.text)]
        meant = days.mended([days.written(heading.text) or (0, 0, 0) for heading in headings])
        dates = dict(zip((heading.line for heading in headings), meant, strict=True))
        for part in parts:
            if isinstance(part, Heading) and part.line in dates:
                self._entry, self._day = None, dates[part.line] or self._day
            elif isinstance(part, Block):
                self._findings.keep(part, self._entry)
            else:
                self._line(part)
        self._conclude()

    def _line(self, part: Prose | Heading) -> None:
        text, begin = plain(part.text), entry_in(part)
        depth = part.depth if isinstance(part, Prose) else 0
        if begin:
            self._depth, self._level = depth, part.level if isinstance(part, Heading) else 0
            self._begin(begin.label, begin.text, part.line)
        elif self._entry is not None and not self._leaves(part, depth):
            self._say(self._entry, text, part.line)
        else:
            self._entry = None
            self._loose(text, part.line)

    def _leaves(self, part: Prose | Heading, depth: int) -> bool:
        """Whether the line is no longer of the entry: a heading above it, or another item of the same list."""
        if isinstance(part, Heading):
            return not 0 < self._level < part.level
        return not self._level and part.is_bullet and depth <= self._depth

    def _begin(self, label: str, text: str, line: int) -> None:
        if _UNUSED.search(text) and not _MENTION.search(text):
            self._entry = None
            self._findings.words.append(f"{label}: unused number ({text})")
            return
        known = label in self._findings.entries
        self._entry = self._findings.entry(label)
        if not known:
            self._entry.started = days.seconds(self._day) if self._day else None
            change = _RESULT.sub("", normal(text)).strip(" 、,。:")
            self._entry.changes += [change] if change and not is_sweep(normal(text)) else []
        stamp = f"{self._day}: " if known and self._day and text else ""
        self._say(self._entry, text, line, stamp)

    def _say(self, entry: Entry, text: str, line: int, stamp: str = "") -> None:
        """Everything that one line of an entry tells."""
        if not text:
            return
        entry.words.append(f"{stamp}{text}")
        clean = normal(text)
        entry.verdict = words.verdict_in(clean) or entry.verdict
        parent = _parent(clean, entry.label)
        entry.parent = entry.parent or ("" if _is_ensemble(entry) else parent)
        several = swept(clean)
        if several:
            self._sweep(entry, several)
            return
        if is_sweep(clean):
            self._findings.unread.append(Unread(line, text))
            return
        found = measured(clean)
        self._measured(entry, found, clean)
        entry.config = {**settings.in_words(_RESULT.sub("", clean)), **entry.config}

    def _measured(self, entry: Entry, found: Measured, text: str) -> None:
        for number, (epoch, value) in enumerate(found.cv, 1):
            more = found.thresholds if number == len(found.cv) else {}
            entry.values.append(Value(metrics={"cv": value, **more}, epoch=epoch))
        merged = _members(text, entry.label) if _is_ensemble(entry) else ()
        for private, value in found.lb:
            note = text if merged else ""
            score = Scored(key=entry.label, value=value, private=private, merged=merged, note=note)
            self._findings.score(score, entry)
        entry.claimed += found.claimed if found.cv else []
        entry.words += [f"{digits}: its last digits are not known" for digits in found.unsure]

    def _sweep(self, entry: Entry, several: list[Swept]) -> None:
        children = self._swept.setdefault(entry.label, {})
        for one in several:
            label = f"{entry.label}[{one.spoken}={one.text}]"
            child = children.setdefault(label, Entry(label, started=entry.started))
            child.changes = [f"{one.spoken}={one.text}"]
            child.config[one.name] = one.value
            if one.result is not None and one.is_lb:
                self._findings.score(Scored(key=label, value=one.result), child)
            elif one.result is not None:
                child.values.append(Value(metrics={"cv": one.result}))

    def _loose(self, text: str, line: int) -> None:
        clean = normal(text)
        if _SAYS_A_SCORE.search(clean):
            self._findings.unread.append(Unread(line, text))
        self._findings.words.append(f"{self._day}: {text}" if self._day else text)

    def _conclude(self) -> None:
        """What can be said when all entries are known: parents, and runs of sweeps behind the line that tells them."""
        entries = dict(self._findings.entries)
        kept = {label: entry for label, entry in entries.items() if not self._tells_of_others_only(entry)}
        self._findings.entries.clear()
        for label, entry in entries.items():
            entry.parent = _known_parent(entry, kept)
            _doubt_claims(entry, kept.get(entry.parent))
            if label in kept:
                self._findings.entries[label] = entry
            children = self._swept.get(label, {})
            for child in children.values():
                _inherit(child, entry)
            self._findings.entries.update(children)

    def _tells_of_others_only(self, entry: Entry) -> bool:
        return entry.label in self._swept and not (entry.values or entry.is_scored or entry.logs)


def _inherit(child: Entry, entry: Entry) -> None:
    """A run of a sweep has the words, the parent and the other settings of the line that tells of it."""
    child.config = {**entry.config, **child.config}
    child.changes = [*entry.changes, *child.changes]
    child.words, child.parent, child.verdict = list(entry.words), entry.parent, entry.verdict


def _doubt_claims(entry: Entry, parent: Entry | None) -> None:
    """Differences are computed; a claimed one that the scores contradict is told."""
    if parent is None or not (entry.values and parent.values and entry.claimed):
        return
    computed = entry.values[-1].metrics["cv"] - parent.values[-1].metrics["cv"]
    for claimed in entry.claimed:
        if abs(claimed - computed) > _ROUNDING:
            entry.words.append(f"the note says {claimed:+g}; its scores differ by {computed:+.4f} from {parent.label}")


def _parent(text: str, label: str) -> str:
    found = _PARENT.search(text)
    parent = (found[1] or found[2]) if found else ""
    return "" if parent == label else parent


def _known_parent(entry: Entry, entries: dict[str, Entry]) -> str:
    """The parent that was named, else the run of the same number whose later try this is."""
    base = entry.label.partition("_")[0]
    if not entry.parent:
        return base if base != entry.label and base in entries else ""
    named = entry.parent
    root = named.removesuffix("_best")
    return root if named not in entries and root in entries and root != entry.label else named


def _is_ensemble(entry: Entry) -> bool:
    return "ensemble" in entry.label


def _members(text: str, label: str) -> tuple[str, ...]:
    members = tuple(dict.fromkeys(one for one in _MENTION.findall(text) if one != label))
    return (label, *members) if members else ()
