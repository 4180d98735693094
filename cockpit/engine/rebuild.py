"""What a sweep knew before it was cut off, read from its record: the ledger and the trials' own files."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from cockpit.engine.control import Command
from cockpit.engine.roster import PAUSED, WAITING, TrialState
from cockpit.events.codec import EventError, decode
from cockpit.events.kinds import Answered, Built, Eval, Event, TrialEnded, TrialPaused, TrialStarted
from cockpit.store.fold import trial_number
from cockpit.store.folder import RunFolder, is_trial_id
from cockpit.store.ranking import is_ranked

AGAIN = ("interrupted", "lost")  # how a trial ended that goes on with its sweep; so does one marked `unfinished`


@dataclass
class Rebuilt:
    """`trials` in the order of their numbers; those that had not ended wait for their next attempt.

    `digests` are effective configurations with the first trial of each, `added` the ids of trials that somebody asked
    for, `waiting_additions` the commands that had not become a trial yet.
    """

    trials: list[TrialState] = field(default_factory=list)
    digests: dict[str, TrialState] = field(default_factory=dict)
    added: set[str] = field(default_factory=set)
    waiting_additions: list[Command] = field(default_factory=list)

    def is_complete(self, planned: int | None) -> bool:
        """Whether nothing is left to do of so many trials; None stands for a search without an end.

        Repeats and confirmations do not count among those that were planned.
        """
        searched = sum(trial.is_searched for trial in self.trials)
        all_begun = planned is not None and searched - len(self.added) >= planned
        return all_begun and not self.waiting_additions and all(trial.is_over for trial in self.trials)


def rebuild(run: RunFolder, metric: str) -> Rebuilt:
    """Read the record of an experiment. Lines that are no events, a torn last one for example, do not count."""
    known = Rebuilt()
    states: dict[str, TrialState] = {}
    for event in read_events(run.sweep):
        if isinstance(event, TrialStarted):
            if is_trial_id(event.trial):  # anything else is damage, or a way out of the folder
                _start(states, event)
        elif isinstance(event, TrialPaused | TrialEnded) and event.trial in states:
            _stop(states[event.trial], event)
        elif isinstance(event, Answered):
            _answered(known, states, event)
    for state in states.values():
        if not state.is_over and state.status != PAUSED:
            state.status = WAITING
        _read_trial(known, state, run, metric)
    known.trials = sorted(states.values(), key=lambda state: trial_number(state.id))
    known.added = {trial.id for trial in known.trials if trial.added}
    begun = {trial.added for trial in known.trials}
    known.waiting_additions = [command for command in known.waiting_additions if command.id not in begun]
    return known


def read_events(path: Path) -> Iterator[Event]:
    """The events of a file; none where there is no file."""
    try:
        with path.open("rb") as file:
            for line in file:
                try:
                    yield decode(line)
                except EventError:
                    continue
    except FileNotFoundError:
        return


def _start(states: dict[str, TrialState], event: TrialStarted) -> None:
    state = states.get(event.trial)
    if state is None:
        state = states[event.trial] = TrialState(event.trial, dict(event.config), event.baseline)
        for name in ("added", "repeat_of", "confirms"):
            setattr(state, name, str(event.extra.get(name, "")))
        number = event.extra.get("repeat", event.extra.get("pair", 0))
        state.number = number if isinstance(number, int) else 0
    state.config, state.attempt, state.status = dict(event.config), event.attempt, WAITING


def _stop(state: TrialState, event: TrialPaused | TrialEnded) -> None:
    state.status = event.status
    if isinstance(event, TrialEnded) and (event.status in AGAIN or event.extra.get("unfinished")):
        state.status = PAUSED if event.extra.get("paused") else WAITING
    if isinstance(event, TrialPaused) and event.error:
        state.failures += 1


def _answered(known: Rebuilt, states: dict[str, TrialState], event: Answered) -> None:
    if event.name == "set" and event.state == "done" and event.trial in states:
        states[event.trial].steered |= dict(event.settings)
    if event.name != "add":
        return
    known.waiting_additions = [command for command in known.waiting_additions if command.id != event.command]
    if event.state == "accepted":
        known.waiting_additions.append(Command(event.command, event.name, None, event.settings, event.who, event.at))


def _read_trial(known: Rebuilt, state: TrialState, run: RunFolder, metric: str) -> None:
    for event in read_events(run.trial(state.id).events):
        if isinstance(event, Built):
            state.total_steps = event.total_steps
            state.go_back_to(event.step)
            known.digests.setdefault(event.digest, state)
        elif isinstance(event, Eval) and is_ranked(event.phase):
            value: Any = event.metrics.get(metric)
            if isinstance(value, int | float):
                state.evaluations.append((event.step, float(value)))
                numbers = {key: float(found) for key, found in event.metrics.items() if isinstance(found, int | float)}
                state.metrics[event.step] = numbers
