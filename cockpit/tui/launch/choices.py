"""The searches that can be started from here, readable or not."""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import takewhile
from pathlib import Path

from cockpit.search.errors import SearchError
from cockpit.search.find import Known, available, find_search
from cockpit.search.reader import load
from cockpit.tui.launch.draft import Draft

_LABEL = re.compile(r"[A-Z][a-z ]{1,20}: ")


@dataclass(frozen=True)
class Choice:
    """A search by its name. `about` is the comment on top of its file, one line for each of its paragraphs.

    Where it cannot be read there is no draft, and `error` is the one line that says why.
    """

    name: str
    question: str
    about: tuple[str, ...]
    place: str
    draft: Draft | None
    error: str = ""


def choices(cwd: Path) -> tuple[Choice, ...]:
    """All searches that can be named from `cwd`, by name. Raises `OSError` for a folder that cannot be read."""
    return tuple(read_choice(known, cwd) for known in available(cwd))


def read_choice(known: Known, cwd: Path) -> Choice:
    """One search, as its file has it now."""
    place = str(known.path.relative_to(cwd)) if known.path.is_relative_to(cwd) else "shipped"
    about, draft, error, question = _about(known.path), None, "", known.question
    try:
        search = load(known.path)
        draft = Draft.of(_call(known, cwd), search)
        question = question or search.note
    except SearchError as problem:
        error = str(problem)
    return Choice(known.name, question, about, place, draft, error)


def _about(path: Path) -> tuple[str, ...]:
    """The paragraphs of the comment that a file begins with; a line such as `Run: …` is one of its own."""
    try:
        lines = path.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return ()
    paragraphs: list[str] = []
    goes_on = False
    for line in takewhile(lambda line: line.startswith("#"), lines):
        words = line.lstrip("# ").strip()
        if words and goes_on and not _LABEL.match(words):
            paragraphs[-1] += f" {words}"
        elif words:
            paragraphs.append(words)
        goes_on = bool(words)
    return tuple(paragraphs)


def _call(known: Known, cwd: Path) -> str:
    """Its name, unless `cockpit sweep` would take that for something else."""
    by_name = not known.name.startswith("-") and find_search(known.name, cwd) == known.path
    return known.name if by_name else str(known.path)
