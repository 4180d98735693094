"""Where commands about trials are taken and kept until it is known what became of them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from cockpit.engine import answers
from cockpit.engine.control import Command
from cockpit.engine.roster import PAUSED, RUNNING, WAITING, Roster, TrialState
from cockpit.store.folder import RunFolder
from cockpit.store.numbers import setting_text

Answer = Callable[[Command, str, str], None]  # command, state, text


class Desk:
    """Takes orders about single trials; every one of them gets a last answer.

    Methods that take an order return the trials that have to be told, which is the caller's business.
    """

    def __init__(self, roster: Roster, run: RunFolder, answer: Answer) -> None:
        self._roster = roster
        self._run = run
        self._answer = answer

    def meant(self, command: Command, *statuses: str) -> list[TrialState]:
        """The trials that a command is about, as far as they have one of these statuses.

        Where it names one that has another status, the command is refused.
        """
        if command.trial is None:
            return self._roster.those(*statuses)
        trial = self._roster.find(command.trial)
        if trial is not None and trial.status in statuses:
            return [trial]
        self._answer(command, "refused", f"{command.trial} {_why_not(trial)}")
        return []

    def take_pause(self, command: Command) -> list[TrialState]:
        """Pause trials; a waiting one is paused at once. Returns the running ones, which are to be told."""
        trials = self.meant(command, RUNNING, WAITING)
        running = [trial for trial in trials if trial.status == RUNNING]
        for trial in running:
            trial.pauses.append(command)
        if running and command.trial is not None:
            self._answer(command, "accepted", f"{command.trial} pauses at its next step")
        return trials

    def take_set(self, command: Command, settings: Mapping[str, Any]) -> TrialState | None:
        """Change settings of a trial. Returns it if it runs and is to be told."""
        trials = self.meant(command, RUNNING, PAUSED, WAITING)
        if not trials:
            return None
        (trial,) = trials
        if trial.status != RUNNING:
            trial.steered |= settings
            self._answer(command, "done", f"{trial.id} goes on with {shown(settings)}")
            return None
        trial.changes[command.id] = command
        self._answer(command, "accepted", f"{trial.id} takes {shown(settings)} at its next step")
        return trial

    def on_did(self, trial: TrialState, order: str, refused: str, step: int, settings: Mapping[str, Any]) -> None:
        """A trial has carried out an order, or says why it could not."""
        command = trial.changes.pop(order, None)
        if command is not None:
            trial.steered |= settings
            self._answer(command, "done", f"{trial.id}: {shown(settings)} from step {step + 1} on")
        for pause in [pause for pause in trial.pauses if pause.id == order]:
            trial.pauses.remove(pause)
            self._answer(pause, "refused", f"{trial.id} cannot be paused: {refused}")

    def on_paused(self, trial: TrialState, step: int) -> None:
        """Tell those who wanted it; what else was wanted of it is done when it goes on."""
        for command in trial.pauses:
            if command.trial is not None:
                self._answer(command, "done", f"{trial.id} paused at step {step}")
        trial.pauses.clear()

    def on_retry(self, trial: TrialState, why: str) -> None:
        """The attempt is over, so what was to happen at its next step does not."""
        self._refuse(trial, f"{trial.id} had ended before ({why}); it starts again")

    def on_end(self, trial: TrialState, *, as_ordered: bool) -> None:
        """Tell those who wanted this very trial to end; who wanted the sweep to end hears of it with the sweep."""
        for order in trial.orders:
            if order.trial is None:
                continue
            if as_ordered:
                text = answers.ended_text(trial.id, trial.orders, self._run.trial(trial.id).events)
                self._answer(order, "done", text)
            else:
                self._answer(order, "refused", f"{trial.id} had ended before ({trial.status})")
        self._refuse(trial, f"{trial.id} had ended before ({trial.status})")

    def _refuse(self, trial: TrialState, text: str) -> None:
        for command in [*trial.pauses, *trial.changes.values()]:
            if command.trial is not None:
                self._answer(command, "refused", text)
        trial.pauses.clear()
        trial.changes.clear()


def shown(settings: Mapping[str, Any]) -> str:
    """`lr=0.001`."""
    return " ".join(f"{name}={setting_text(value)}" for name, value in settings.items())


def _why_not(trial: TrialState | None) -> str:
    if trial is None:
        return "has not started yet"
    if trial.is_over:
        return f"has ended already ({trial.status})"
    return {RUNNING: "is running", PAUSED: "is paused already", WAITING: "waits for its next attempt"}[trial.status]
