"""What became of one source: the same facts whether it was imported now or before."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from cockpit.events.codec import EventError, decode
from cockpit.events.kinds import Event, SweepEnded, TrialEnded, TrialStarted
from cockpit.importers.record import UNREAD
from cockpit.store.folder import RunFolder
from cockpit.store.scores import scores


@dataclass(frozen=True, slots=True)
class RunCounts:
    """What is recorded of one run."""

    trial: str
    label: str
    steps: int
    evaluations: int
    norms: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """`run` is the experiment, None where there was nothing to record. `already` says that nothing was changed,
    `replaced` that the record of an earlier, shorter version of the file was made anew. `unread_lines` are lines with
    numbers that were not understood.
    """

    path: str
    format: str
    run: RunFolder | None = None
    already: bool = False
    replaced: bool = False
    runs: list[RunCounts] = field(default_factory=list)
    scores: int = 0
    lines: int = 0
    unread_lines: int = 0

    @property
    def steps(self) -> int:
        return sum(run.steps for run in self.runs)

    @property
    def evaluations(self) -> int:
        return sum(run.evaluations for run in self.runs)

    @property
    def norms(self) -> int:
        return sum(run.norms for run in self.runs)

    def unread(self, most: int | None = None) -> list[tuple[int, str]]:
        """The lines that were not understood, with their numbers; all, or the first ones."""
        if self.run is None:
            return []
        found: list[tuple[int, str]] = []
        try:
            with (self.run.path / UNREAD).open(encoding="utf-8", errors="replace") as file:
                for line in file:
                    if most is not None and len(found) == most:
                        break
                    number, _, text = line.rstrip("\n").partition(": ")
                    found.append((int(number), text))
        except (OSError, ValueError):
            pass  # there are none, or somebody wrote into the file
        return found

    def document(self) -> dict[str, Any]:
        """As one JSON object."""
        return {
            "path": self.path,
            "format": self.format,
            "experiment": self.run.id if self.run else None,
            "already": self.already,
            "replaced": self.replaced,
            "runs": [
                {"trial": r.trial, "label": r.label, "steps": r.steps, "evaluations": r.evaluations, "norms": r.norms}
                for r in self.runs
            ],
            "steps": self.steps,
            "evaluations": self.evaluations,
            "norms": self.norms,
            "scores": self.scores,
            "lines": self.lines,
            "unread": [{"line": line, "text": text} for line, text in self.unread()],
        }


def outcome_of(run: RunFolder, path: str, form: str, *, already: bool = False, replaced: bool = False) -> Outcome:
    """What the record of an import says of it."""
    labels: dict[str, str] = {}
    runs: list[RunCounts] = []
    ended: dict[str, Any] = {}
    for event in _ledger(run):
        if isinstance(event, TrialStarted):
            labels[event.trial] = str(event.extra.get("label") or "")
        elif isinstance(event, TrialEnded):
            counts = [_count(event.extra.get(name)) for name in ("steps", "evaluations", "norms")]
            runs.append(RunCounts(event.trial, labels.get(event.trial, ""), *counts))
        elif isinstance(event, SweepEnded):
            ended = dict(event.extra)
    return Outcome(
        path=path,
        format=form,
        run=run,
        already=already,
        replaced=replaced,
        runs=runs,
        scores=len(scores(run)),
        lines=_count(ended.get("lines")),
        unread_lines=_count(ended.get("unread")),
    )


def _count(value: Any) -> int:
    return value if isinstance(value, int) else 0


def _ledger(run: RunFolder) -> list[Event]:
    events: list[Event] = []
    with run.sweep.open("rb") as file:
        for line in file:
            try:
                events.append(decode(line))
            except EventError:
                continue
    return events
