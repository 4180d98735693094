"""What a sweep knows of each of its trials while it runs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from cockpit.engine.control import Command
from cockpit.engine.request import attempt_name
from cockpit.search.population import Mutation
from cockpit.store.ranking import best_of

RUNNING, PAUSED, WAITING = "running", "paused", "waiting"
NOT_OVER = (RUNNING, PAUSED, WAITING)


@dataclass(slots=True)
class TrialState:
    """One trial. `status` is one of `NOT_OVER`, or how it ended; `added` the command that asked for it.

    `repeat_of` or `confirms` name the trial whose configuration it runs once more, the `number`th time. `best` is the
    best value once it is over, `best_metrics` are all values at that evaluation, where a sampler wants them.

    `evaluations` are steps and values of the ranked metric, `metrics` all values at those steps where a sampler wants
    them. `due` is when a waiting trial may start again, in seconds of the conductor's clock. `checkpoint` is what its
    next attempt goes on from where that is not the trial's own last one. `orders` are commands that want it to end,
    `pauses` those that want it paused, `changes` those that want other settings, by their ids. `mutation` is what it
    becomes once it has saved itself.
    """

    id: str
    config: Mapping[str, Any]
    baseline: bool = False
    added: str = ""
    repeat_of: str = ""
    confirms: str = ""
    number: int = 0
    attempt: int = 1
    status: str = RUNNING
    total_steps: int = 0
    evaluations: list[tuple[int, float]] = field(default_factory=list)
    metrics: dict[int, Mapping[str, float]] = field(default_factory=dict)
    best: float | None = None
    best_metrics: Mapping[str, float] | None = None
    failures: int = 0
    nodes_lost: int = 0
    due: float = 0.0
    checkpoint: str = ""
    steered: dict[str, Any] = field(default_factory=dict)
    orders: list[Command] = field(default_factory=list)
    pauses: list[Command] = field(default_factory=list)
    mutation: Mutation | None = None
    changes: dict[str, Command] = field(default_factory=dict)

    @property
    def attempt_name(self) -> str:
        """What its process is called."""
        return attempt_name(self.id, self.attempt)

    @property
    def values(self) -> list[float]:
        return [value for _, value in self.evaluations]

    @property
    def is_searched(self) -> bool:
        """Whether it tries a configuration of its own."""
        return not (self.repeat_of or self.confirms)

    @property
    def extra(self) -> dict[str, Any]:
        """What its start says of why it runs."""
        told: dict[str, Any] = {"added": self.added} if self.added else {}
        if self.repeat_of:
            told |= {"repeat_of": self.repeat_of, "repeat": self.number}
        if self.confirms:
            told |= {"confirms": self.confirms, "pair": self.number}
        return told

    def settle_score(self, goal: str) -> None:
        """Remember the best evaluation, the first of equals."""
        self.best = best_of(self.values, goal)
        self.best_metrics = next(
            (self.metrics.get(step) for step, value in self.evaluations if value == self.best), None
        )

    @property
    def is_over(self) -> bool:
        return self.status not in NOT_OVER

    def forget_course(self) -> None:
        """Nobody here will ask for its evaluations any more; a sweep may have thousands of trials."""
        self.evaluations, self.metrics = [], {}

    def go_back_to(self, step: int) -> None:
        """What came after this step has not happened."""
        self.evaluations = [(at, value) for at, value in self.evaluations if at <= step]


class Roster:
    """The trials by their ids. Those that are not over are few, however many there have been."""

    def __init__(self) -> None:
        self._all: dict[str, TrialState] = {}
        self._not_over: dict[str, TrialState] = {}

    def add(self, trial: TrialState) -> None:
        self._all[trial.id] = trial
        self.settle(trial)

    def settle(self, trial: TrialState) -> None:
        """Take note of a trial's new status."""
        if trial.is_over:
            self._not_over.pop(trial.id, None)
        else:
            self._not_over[trial.id] = trial

    def find(self, trial: str) -> TrialState | None:
        return self._all.get(trial)

    def running(self, trial: str) -> TrialState | None:
        """The trial, if a process works on it or is about to."""
        found = self._not_over.get(trial)
        return found if found is not None and found.status == RUNNING else None

    def those(self, *statuses: str) -> list[TrialState]:
        """The trials that are not over and have one of these statuses, in the order in which they began."""
        return [trial for trial in self._not_over.values() if trial.status in statuses]

    def __iter__(self) -> Iterator[TrialState]:
        return iter(self._all.values())
