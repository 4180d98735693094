"""Which convention a diary follows, and what it says."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from cockpit.events.kinds import Eval, Step
from cockpit.events.text import one_line
from cockpit.importers.contract import LIKELY, NO, PERHAPS, SURE, About, Item, Lines, Source, Unread
from cockpit.importers.notes import dated, days, headed, ticked, versions
from cockpit.importers.notes.document import Block, Heading, Part, Prose, parts_of, plain
from cockpit.importers.notes.entries import Findings, shortened
from cockpit.importers.notes.measured import measured, normal
from cockpit.printed import PrintedReader

LARGEST = 2 << 20  # bytes that are read; people write less
_TOO_LARGE = 5  # how well a larger file fits: what programs write is a log, whose importer reads all of it
_OWN = b"<!-- cockpit:begin exp"  # a diary that the cockpit writes has nothing that it does not know
_ZERO = re.compile(r"\[RESULT\]: \w{1,40}\. Epoch: 0,")


class _Signs(NamedTuple):
    """How well a document fits each convention."""

    versions: int = NO
    dated: int = NO
    ticked: int = NO
    headed: int = NO


class Notes:
    """Diaries in Markdown."""

    name = "notes"
    summary = "diaries in Markdown: versions with scores, dated exp ids with CV and LB, lists of ✅ and ❌, fenced logs"

    def fit(self, source: Source) -> int:
        """Sure of diaries with runs, likely of a document with a log in it."""
        if source.is_folder or b"\0" in source.head or _OWN in source.head:
            return NO
        fit = max(_signs(list(parts_of(_decoded(source.head)))))
        return fit if _size(source) <= LARGEST else min(fit, _TOO_LARGE)

    def read(self, source: Source) -> Iterator[Item]:
        """Runs in the order of their first mention, then the scores of merges, then what was not understood."""
        with source.path.open("rb") as file:
            data = file.read(LARGEST + 1)
        text = _decoded(data[:LARGEST])
        parts = list(parts_of(text))
        findings = Findings(zero_based=_ZERO.search(text) is not None)
        _take(findings, parts, source.path.stem)
        title = next((plain(part.text) for part in parts if isinstance(part, Heading)), "")
        findings.about = _about(findings, text, source.path.stem, title)
        yield Lines(len(text.splitlines()))
        yield from findings.items()
        if len(data) > LARGEST:
            yield Unread(0, f"only the first {LARGEST >> 20} MiB were read")


IMPORTER = Notes()


def _decoded(data: bytes) -> str:
    return data.removeprefix(b"\xef\xbb\xbf").decode("utf-8", "backslashreplace")


def _size(source: Source) -> int:
    try:
        return source.path.stat().st_size
    except OSError:
        return 0


def _about(findings: Findings, text: str, name: str, title: str) -> About:
    has_cv = any("cv" in value.metrics for entry in findings.entries.values() for value in entry.values)
    metric = "cv" if has_cv else "final_score" if "final_score: " in text else ""
    return About(
        name=one_line(name), question=one_line(title), metric=metric, goal="maximize" if metric else "",
        note=shortened("\n".join(findings.words)),
    )  # fmt: skip


def _take(findings: Findings, parts: Sequence[Part], name: str) -> None:
    """Read the document in the convention that it fits best."""
    signs = _signs(parts)
    best = max(signs)
    if signs.versions == best > NO:
        versions.Sections(findings).read(parts)
    elif signs.dated == best > NO:
        dated.Diary(findings).read(parts)
    elif signs.ticked == best > NO:
        ticked.Changes(findings).read(parts)
    else:
        headed.read(findings, parts, name)


def _signs(parts: Sequence[Part]) -> _Signs:
    return _Signs(_versions(parts), _dated(parts), _ticked(parts), _headed(parts))


def _versions(parts: Sequence[Part]) -> int:
    """Versions count when something was measured under one of their headings."""
    titles: set[str] = set()
    evidence, under = 0, False
    for part in parts:
        if isinstance(part, Heading):
            title = versions.version(part)
            under = title is not None or (under and part.level > 1)
            titles |= {title.label} if title else set()
        elif under:
            evidence += part.is_log if isinstance(part, Block) else versions.says_a_score(part)
    return _enough(len(titles), evidence)


def _dated(parts: Sequence[Part]) -> int:
    lines = [part for part in parts if not isinstance(part, Block)]
    found = [entry for part in lines if (entry := dated.entry_in(part))]
    dates = sum(isinstance(part, Heading) and days.written(part.text) is not None for part in lines)
    scores = sum(bool((numbers := measured(normal(entry.text))).cv or numbers.lb) for entry in found)
    return _enough(len({entry.label for entry in found}), scores + (dates > 0))


def _ticked(parts: Sequence[Part]) -> int:
    marks = [mark for part in parts if not isinstance(part, Block) and (mark := ticked.mark_in(part.text))]
    scores = sum(isinstance(part, Prose) and ticked.says_a_score(part.text) for part in parts)
    return _enough(len(marks), len(set(marks)) - 1 + scores) - 10 if marks else NO


def _headed(parts: Sequence[Part]) -> int:
    """A document with logs in it; one in which more was measured outside of them is itself a log, with some marks."""
    has_heading = any(isinstance(part, Heading) for part in parts)
    logs = [part for part in parts if isinstance(part, Block) and part.is_log]
    if not has_heading or not any(log.is_fenced for log in logs):
        return NO
    outside = [line for part in parts if not _is_log(part) for line in _lines_of(part)]
    return LIKELY if _measured_in(outside) <= _measured_in(line for log in logs for line in log.lines) // 2 else NO


def _is_log(part: Part) -> bool:
    return isinstance(part, Block) and part.is_log


def _lines_of(part: Part) -> list[str]:
    return part.lines if isinstance(part, Block) else [part.text]


def _measured_in(lines: Iterable[str]) -> int:
    """How many steps and evaluations a log of these lines has."""
    reader = PrintedReader()
    events = (event for line in lines for event in reader.feed(f"{line}\n".encode()))
    return sum(isinstance(event, Step | Eval) for event in events)


def _enough(runs: int, evidence: int) -> int:
    """Several runs of which something was measured are sure to be a diary; one may be."""
    if not runs or not evidence:
        return NO
    return SURE if runs > 1 else LIKELY + PERHAPS if evidence > 1 else PERHAPS
