"""What an importer is: it knows its format by the content, and tells what is in a source as a stream of items.

An importer is a module of this package that has `IMPORTER`. It writes nothing and keeps nothing: whoever iterates over
`read` turns the items into a run folder. Memory stays bounded whatever the size of the source, and no content raises:
what cannot be understood is told as `Unread`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

from cockpit.events.kinds import Event

HEAD_BYTES = 1 << 16  # of a file, to know its format by

SURE, LIKELY, PERHAPS, NO = 100, 60, 20, 0  # how well a source fits a format; the one that it fits best reads it


@dataclass(frozen=True, slots=True)
class Source:
    """A file, or a folder in which a format keeps several. `head` is the beginning of a file, empty for a folder.

    `metric` is what the user asks to rank the runs by, for formats that do not say what is an evaluation.
    """

    path: Path
    head: bytes = b""
    metric: str = ""

    @property
    def is_folder(self) -> bool:
        """Whether it is a folder, which only formats of whole folders read."""
        return self.path.is_dir()


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """A run begins: it becomes a trial. Told once for each `key`, before anything that is recorded of it.

    `label` is what its author calls it (`V22`, `exp044_2`), `change` and `note` are his words, `parent` is the label of
    the run that it was made from. `repeat_of` and `confirms` are the key of the run that it runs once more, for the
    `number`-th time. Times are seconds since 1970, None where the source does not tell.
    """

    key: str
    label: str = ""
    config: Mapping[str, Any] = field(default_factory=dict)
    change: str = ""
    note: str = ""
    parent: str = ""
    seed: int = 0
    device: str = ""
    started: float | None = None
    baseline: bool = False
    repeat_of: str = ""
    confirms: str = ""
    number: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class RunEnded:
    """How a run ended, where the source tells: a status of `TrialEnded`. Runs without it are finished."""

    key: str
    status: str = "finished"
    reason: str = ""
    error: str = ""
    ended: float | None = None


@dataclass(frozen=True, slots=True)
class Recorded:
    """Something that the trial's own file holds: a `Step`, `Eval`, `Norms`, `Saved`, `Note` or `Built`."""

    key: str
    event: Event


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordedLines:
    """Many events as lines of the trial's own file, for formats that are read faster than one by one.

    `lines` are whole, as `cockpit.events.codec.encode` writes them; they are so many steps, evaluations and norms.
    `last_step` and `last_epoch` are the highest of training steps. `extremes` are of the values of evaluations, by
    phase and metric: how many, the lowest, the highest and the last.
    """

    key: str
    lines: bytes
    steps: int = 0
    evaluations: int = 0
    norms: int = 0
    last_step: int = 0
    last_epoch: int = -1
    extremes: Mapping[tuple[str, str], tuple[int, float, float, float]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Scored:
    """A score of a leaderboard. `merged` are the labels of the runs whose predictions were merged for it.

    `key` is empty where it belongs to no single run; `note` is what the source says of it.
    """

    key: str = ""
    value: float
    private: bool = False
    merged: tuple[str, ...] = ()
    note: str = ""


@dataclass(frozen=True, slots=True)
class Unread:
    """A line that has something to say which was not understood. Lines count from 1; 0 where there are no lines."""

    line: int
    text: str


@dataclass(frozen=True, slots=True)
class Lines:
    """How many lines the source has, where it has lines; told at most once."""

    count: int


@dataclass(frozen=True, slots=True, kw_only=True)
class About:
    """What the source says of itself as a whole; told at most once. Where `metric` is empty one is chosen.

    `note` is what its author wrote that belongs to no single run; `seeds` and `confirm` are those of a search.
    """

    name: str = ""
    question: str = ""
    metric: str = ""
    goal: str = ""
    at: float | None = None
    note: str = ""
    seeds: int = 1
    confirm: int = 0


Item = About | Run | RunEnded | Recorded | RecordedLines | Scored | Unread | Lines


class Importer(Protocol):
    """One format."""

    @property
    def name(self) -> str:
        """What `--format` calls it."""

    @property
    def summary(self) -> str:
        """What it reads, in a few words, for the help text."""

    def fit(self, source: Source) -> int:
        """How well the content fits, from `NO` to `SURE`. Never raises."""

    def read(self, source: Source) -> Iterator[Item]:
        """What is in the source, in order. Raises `OSError` only."""
