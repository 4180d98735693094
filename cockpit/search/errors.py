"""What is wrong with a search, and where: file, line and key."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches
from pathlib import Path


class SearchError(Exception):
    """A search cannot be used. The message is one line: `file:line: key: what is wrong; what is allowed`.

    `line` counts from 1; it is None where no line is to blame, e.g. for a file that does not exist. `problem` is the
    message without the place.
    """

    def __init__(self, problem: str, path: Path | None = None, line: int | None = None, key: str = "") -> None:
        where = "" if path is None else _shown_path(path)
        if where and line:
            where += f":{line}"
        super().__init__(_printable(": ".join(part for part in (where, key, problem) if part)))
        self.path, self.line, self.key, self.problem = path, line, key, _printable(problem)


@dataclass(frozen=True)
class Place:
    """A key in a search file. `lines` has the line of every key; a line of 0 stands for "not from the file"."""

    path: Path
    lines: Mapping[str, int] = field(default_factory=dict)
    key: str = ""

    def at(self, name: object) -> Place:
        """The place of a key inside this one."""
        return Place(self.path, self.lines, f"{self.key}.{name}" if self.key else str(name))

    def error(self, problem: str) -> SearchError:
        """A `SearchError` here, to be raised by the caller. A key that is not there gets the line of its parent."""
        key = self.key
        while key not in self.lines and key:
            key = key.rpartition(".")[0]
        return SearchError(problem, self.path, self.lines.get(key) or None, self.key)


def shown(value: object) -> str:
    """A value as it can stand in a message of one line."""
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:57]}..."


def listed(names: Iterable[object]) -> str:
    """Names as an enumeration."""
    return ", ".join(str(name) for name in names) or "none"


def closest(word: object, known: Iterable[str]) -> str:
    """`" (did you mean lr?)"`, or nothing when no known word is similar."""
    found = get_close_matches(str(word), list(known), n=1, cutoff=0.6)
    return f" (did you mean {found[0]}?)" if found else ""


def _printable(text: str) -> str:
    """Keys and values come from a file that anybody may have written: nothing in it may steer a terminal."""
    return "".join(char if char.isprintable() else " " for char in text)


def _shown_path(path: Path) -> str:
    if path.is_absolute() and path.is_relative_to(Path.cwd()):
        path = path.relative_to(Path.cwd())
    return str(path)
