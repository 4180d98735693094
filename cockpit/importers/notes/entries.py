"""What notes say, before it is told: one `Entry` for each run, and what belongs to none."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from cockpit.events.kinds import Eval, Note
from cockpit.importers.contract import About, Item, Recorded, Run, RunEnded, Scored, Unread
from cockpit.importers.notes.document import Block
from cockpit.importers.notes.logs import Logs, device_in, epochs_in, exception_in

MOST_WORDS = 20_000  # characters of one run's note, and of what stands outside of runs
BETTER, WORSE, EVEN = "✅", "❌", "➖"


@dataclass(frozen=True, slots=True, kw_only=True)
class Value:
    """A cross-validation score that somebody wrote down, with what it was found with (`th`)."""

    metrics: dict[str, float]
    phase: str = "valid"
    epoch: int = 0


@dataclass(slots=True)
class Entry:
    """A run as its author describes it. `logs` are the blocks of what it printed, `code` those of what it ran."""

    label: str
    config: dict[str, Any] = field(default_factory=dict)
    changes: list[str] = field(default_factory=list)
    words: list[str] = field(default_factory=list)
    parent: str = ""
    verdict: str = ""
    failure: str = ""
    started: float | None = None
    values: list[Value] = field(default_factory=list)
    claimed: list[float] = field(default_factory=list)  # differences that its author gives
    is_scored: bool = False  # on a leaderboard
    logs: list[Block] = field(default_factory=list)
    code: list[Block] = field(default_factory=list)

    def items(self, zero_based: bool = False) -> Iterator[Item]:
        """The run, what is recorded of it, and its end. One that was submitted did not fail."""
        logs = Logs(self.label, zero_based)
        epochs = epochs_in(self.logs, zero_based)
        yield self._run({} if epochs is None else {"epochs": epochs})
        yield from (Recorded(self.label, Note(text=block.text)) for block in self.code)
        for block in self.logs:
            yield from logs.read(block)
        yield from logs.rest()
        yield from self._values(logs.last)
        failure = self.failure or exception_in(self.logs)
        if failure and not self.is_scored:
            yield RunEnded(key=self.label, status="failed", reason=failure, error=failure)

    def _run(self, printed: dict[str, Any]) -> Run:
        words = "\n".join(self.words)
        note = f"{self.verdict} {words}".strip() if self.verdict else words
        return Run(
            key=self.label, label=self.label, config={**printed, **self.config},
            change="; ".join(dict.fromkeys(self.changes)), note=shortened(note), parent=self.parent,
            device=device_in(self.logs[0]) if self.logs else "", started=self.started,
        )  # fmt: skip

    def _values(self, last: int) -> Iterator[Recorded]:
        for number, value in enumerate(sorted(self.values, key=lambda value: value.epoch), 1):
            yield Recorded(
                self.label, Eval(phase=value.phase, epoch=value.epoch, step=last + number, metrics=value.metrics)
            )


@dataclass(slots=True)
class Findings:
    """All that a document says. `words` belong to no single run, `scores` stand in the order of the document."""

    entries: dict[str, Entry] = field(default_factory=dict)
    words: list[str] = field(default_factory=list)
    scores: list[Scored] = field(default_factory=list)
    unread: list[Unread] = field(default_factory=list)
    about: About = field(default_factory=About)
    zero_based: bool = False

    def entry(self, label: str) -> Entry:
        """The run of this label, which may have been spoken of before."""
        return self.entries.setdefault(label, Entry(label))

    def score(self, score: Scored, entry: Entry | None = None) -> None:
        """A score of a run, or of a merge."""
        self.scores.append(score)
        if entry is not None:
            entry.is_scored = True

    def keep(self, block: Block, entry: Entry | None) -> None:
        """A block is a log or code of the run that it stands under, else a word of the document."""
        if entry is None:
            self.words.append(block.text)
        elif block.is_log:
            entry.logs.append(block)
        else:
            entry.code.append(block)

    def items(self) -> Iterator[Item]:
        """Everything: the runs in the order of their first mention, then the scores, then what was not understood."""
        yield self.about
        for entry in self.entries.values():
            yield from entry.items(self.zero_based)
        yield from self.scores
        yield from self.unread


def shortened(text: str) -> str:
    """As much of a text as a note may have."""
    return text if len(text) <= MOST_WORDS else text[: MOST_WORDS - 1] + "…"
