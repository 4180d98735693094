"""The state of the code that runs: its commit, what was changed since, and source files that git does not know."""

from __future__ import annotations

import hashlib
import subprocess
import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from cockpit.engine.redacting import Redactor
from cockpit.events.text import one_line

SECONDS = 10.0  # for one question to git about a large repository
MOST_BYTES = 1 << 20  # of a diff; who changed more should commit it
MOST_UNTRACKED = 200
LARGEST_SOURCE = 1 << 20
SOURCES = (  # no .json, which programs write more often than they read
    ".py", ".pyx", ".ipynb", ".sh", ".yaml", ".yml", ".toml", ".cfg", ".ini", ".c", ".cc", ".cpp", ".cu", ".h",
    ".hpp", ".rs", ".jl", ".R", ".r",
)  # fmt: skip


@dataclass(frozen=True)
class GitState:
    """`diff` is against the commit, without secrets, and cut where it `is_cut`. `digest` tells two states apart.

    `untracked` has the digests of source files by their paths from the repository's top. Of a state that `is_late` git
    did not tell diff and files in time.
    """

    commit: str
    branch: str = ""
    changed_lines: int = 0
    diff: bytes = b""
    is_cut: bool = False
    is_late: bool = False
    untracked: dict[str, str] = field(default_factory=dict)

    @property
    def digest(self) -> str:
        """The same for two states of the code that are the same, as far as is kept of them."""
        parts = [self.commit.encode(), self.diff, *(f"{name} {mark}".encode() for name, mark in self.untracked.items())]
        return hashlib.sha256(b"\0".join(parts)).hexdigest()[:16]


def git_state(folder: Path, without: Path | None = None, seconds: float = SECONDS) -> GitState:
    """The state of the repository around `folder`; outside of one there is no commit, and its own sources count.

    Files below `without`, the logs folder, are no sources. Each question to git may take so many `seconds`.
    """
    try:
        top, commit = _text(folder, "rev-parse", "--show-toplevel", "HEAD", seconds=seconds).splitlines()
        branch = _text(folder, "rev-parse", "--abbrev-ref", "HEAD", seconds=seconds).strip()
    except (ValueError, TimeoutError):
        return GitState("", untracked=dict(_digests(folder, sorted(_names(folder)))))
    known = GitState(commit, "" if branch == "HEAD" else one_line(branch))
    try:
        counts = _text(folder, "diff", "HEAD", "--numstat", seconds=seconds)
        diff = _ask(
            folder, "diff", "HEAD", "--no-color", "--no-ext-diff", "--no-textconv", most=MOST_BYTES + 1, seconds=seconds
        )
        untracked = dict(_untracked(Path(top), without, seconds))
    except TimeoutError:
        return replace(known, is_late=True)
    return replace(
        known,
        changed_lines=_changed_lines(counts),
        diff=_without_secrets(diff[:MOST_BYTES]),
        is_cut=len(diff) > MOST_BYTES,
        untracked=untracked,
    )


def short_state(folder: Path, seconds: float) -> dict[str, str | int]:
    """Commit, and how many lines were changed since if git tells in time; empty outside a repository."""
    try:
        commit = _text(folder, "rev-parse", "--short", "HEAD", seconds=seconds).strip()
    except TimeoutError:
        commit = ""
    if not commit:
        return {}
    try:
        return {
            "commit": commit,
            "changed_lines": _changed_lines(_text(folder, "diff", "HEAD", "--numstat", seconds=seconds)),
        }
    except TimeoutError:
        return {"commit": commit}


def _changed_lines(counts: str) -> int:
    """Lines that came and lines that went, of what `git diff --numstat` says."""
    return sum(int(word) for line in counts.splitlines() for word in line.split("\t")[:2] if word.isdigit())


def _untracked(top: Path, without: Path | None, seconds: float) -> Iterator[tuple[str, str]]:
    names = _text(top, "ls-files", "--others", "--exclude-standard", "-z", seconds=seconds).split("\0")
    sources = [name for name in names if Path(name).suffix in SOURCES]
    if without is not None:
        sources = [name for name in sources if not (top / name).resolve().is_relative_to(without.resolve())]
    yield from _digests(top, sources)


def _names(folder: Path) -> list[str]:
    try:
        return [path.name for path in folder.iterdir() if path.suffix in SOURCES and path.is_file()]
    except OSError:
        return []


def _digests(folder: Path, names: Sequence[str]) -> Iterator[tuple[str, str]]:
    for name in names[:MOST_UNTRACKED]:
        yield one_line(name), _digest(folder / name)


def _digest(path: Path) -> str:
    """Of the content; the size of a large file, or nothing of one that cannot be read."""
    try:
        size = path.stat().st_size
        return hashlib.sha256(path.read_bytes()).hexdigest()[:12] if size <= LARGEST_SOURCE else f"{size} bytes"
    except OSError:
        return ""


def _without_secrets(data: bytes) -> bytes:
    """A piece at a time, so that other threads have their turn."""
    redactor = Redactor()
    pieces = [redactor.feed(data[place : place + (1 << 16)]) for place in range(0, len(data), 1 << 16)]
    return b"".join([*pieces, redactor.rest()])


def _text(folder: Path, *words: str, seconds: float) -> str:
    return _ask(folder, *words, most=16 * MOST_BYTES, seconds=seconds).decode("utf-8", "replace")


def _ask(folder: Path, *words: str, most: int, seconds: float) -> bytes:
    """What git says, so many bytes at most; nothing where there is no git or no repository. Raises `TimeoutError`."""
    command = ["git", "--no-optional-locks", "-C", str(folder), *words]
    nothing = subprocess.DEVNULL
    try:
        process = subprocess.Popen(command, stdin=nothing, stdout=subprocess.PIPE, stderr=nothing)
    except OSError:
        return b""
    late = threading.Event()

    def give_up() -> None:
        late.set()
        process.kill()

    timer = threading.Timer(seconds, give_up)
    timer.start()
    with process:
        assert process.stdout is not None
        said = process.stdout.read(most)
        process.stdout.close()  # of more than is wanted git hears that nobody reads it
        code = process.wait()
    timer.cancel()
    if late.is_set():
        raise TimeoutError(f"git {words[0]} took longer than {seconds:g} s")
    return said if code == 0 or len(said) == most else b""
