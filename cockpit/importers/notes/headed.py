"""Notes in no convention: what was printed under a heading is a run of that name."""

from __future__ import annotations

from collections.abc import Sequence

from cockpit.events.text import one_line
from cockpit.importers.notes.document import Block, Heading, Part, plain
from cockpit.importers.notes.entries import Entry, Findings
from cockpit.importers.notes.versions import Sections, Title

_LONGEST_LABEL = 80


def read(findings: Findings, parts: Sequence[Part], name: str) -> None:
    """Runs by heading; a log before all headings is a run called `name`."""
    titles = _titles(parts)
    first = next((part for part in parts if isinstance(part, Heading) or _is_log(part)), None)
    entry: Entry | None = findings.entry(name) if first is not None and _is_log(first) else None
    Sections(findings, lambda heading: titles.get(heading.line), entry).read(parts)


def _titles(parts: Sequence[Part]) -> dict[int, Title]:
    """The headings right above a log, by their lines; several with one text are told apart by numbers."""
    titles: dict[int, Title] = {}
    heading: Heading | None = None
    times: dict[str, int] = {}
    for part in parts:
        if isinstance(part, Heading):
            heading = part
        elif _is_log(part) and heading is not None and heading.line not in titles:
            text = one_line(plain(heading.text), _LONGEST_LABEL)
            times[text] = times.get(text, 0) + 1
            titles[heading.line] = Title(text if times[text] == 1 else f"{text} ({times[text]})")
    return titles


def _is_log(part: Part) -> bool:
    return isinstance(part, Block) and part.is_log
