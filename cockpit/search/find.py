"""Searches by name: those in `./searches/`, then those shipped with the package."""

from __future__ import annotations

from collections.abc import Iterator
from importlib.resources import files
from pathlib import Path
from typing import NamedTuple

from cockpit.search.errors import SearchError, closest, listed, shown

FOLDER = "searches"
SUFFIXES = (".yaml", ".yml")
HEAD_BYTES = 2000


class Known(NamedTuple):
    """A search that can be named, and the question on top of its file ("" if there is none)."""

    name: str
    path: Path
    question: str


def find_search(name: str | Path, cwd: Path) -> Path:
    """The file of a path, or of a name with or without `.yaml`.

    Raises `SearchError` with the known names when there is none.
    """
    given = Path(name).expanduser()
    if (cwd / given).is_file():
        return cwd / given
    if len(given.parts) == 1:
        for folder in _folders(cwd):
            for suffix in ("", *SUFFIXES):
                path = folder / f"{given}{suffix}"
                if path.suffix in SUFFIXES and path.is_file():
                    return path
    names = [known.name for known in available(cwd)]
    hint = closest(given.stem, names)
    raise SearchError(f"there is no search {shown(str(name))}{hint}; known: {listed(names)}; or give a path")


def available(cwd: Path) -> list[Known]:
    """All searches that can be named from `cwd`: those in `./searches/` by name, then the shipped ones by name.

    One in `./searches/` hides a shipped one of its name.
    """
    found: dict[str, Known] = {}
    for folder in _folders(cwd):
        for path in sorted(folder.iterdir(), key=lambda path: (path.stem, path.suffix)):
            if path.suffix in SUFFIXES and path.is_file():
                found.setdefault(path.stem, Known(path.stem, path, _question(path)))
    return list(found.values())


def _folders(cwd: Path) -> Iterator[Path]:
    local, shipped = cwd / FOLDER, Path(str(files(FOLDER)))
    yield from (folder for folder in (local, shipped) if folder.is_dir())


def _question(path: Path) -> str:
    """The first line of comment, without the words that announce it."""
    try:
        with path.open(encoding="utf-8-sig", errors="replace") as stream:
            head = stream.read(HEAD_BYTES)
    except OSError:
        return ""
    for line in head.splitlines():
        words = line.strip().lstrip("#").strip()
        if line.lstrip().startswith("#") and words:
            return words.removeprefix("Question:").strip()
    return ""
