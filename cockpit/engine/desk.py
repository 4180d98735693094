"""Where commands about trials are taken, and kept until it is known what became of them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

from cockpit.engine import answers
from cockpit.engine.control import Command
from cockpit.engine.roster import PAUSED, RUNNING, WAITING, Roster, TrialState
from cockpit.store.folder import RunFolder
from cockpit.store.numbers import counted, setting_text


class Floor(Protocol):
    """What the desk may do to a sweep: hold a trial back, end one, end everything, and say what became of a command."""

    @property
    def is_ending(self) -> bool: ...

    def answer(self, command: Command, state: str, text: str, trial: str | None = None) -> None: ...

    def hold(self, trial: TrialState, status: str, reason: str) -> None: ...

    def end_held(self, trial: TrialState) -> None: ...

    def end_sweep(self, reason: str) -> None: ...


class Desk:
    """Takes commands about trials; every one of them gets a last answer.

    Methods that take an order return the attempts that have to be told, which is the caller's business. `halted` says
    that nothing starts until somebody lets the sweep go on, `orders` are the commands that want all of it to end.
    """

    def __init__(self, roster: Roster, run: RunFolder, floor: Floor) -> None:
        self.halted = False
        self.orders: list[Command] = []
        self._roster = roster
        self._run = run
        self._floor = floor
        self._answer = floor.answer

    def order_end(self, command: Command) -> list[str]:
        """Take the order to end a trial, or all of them and the sweep.

        What became of it is answered when they have ended.
        """
        meant = self._meant(command, RUNNING, PAUSED, WAITING)
        if command.trial is None:
            self._floor.end_sweep(answers.reason_of([command]))
            self.orders.append(command)
        for trial in meant:
            trial.orders.append(command)
        running = [trial for trial in meant if trial.status == RUNNING]
        if command.trial is None or running:
            self._answer(command, "accepted", f"{command.trial or counted(len(running), 'trial')} told to end")
        for trial in meant:
            if trial.status != RUNNING:
                self._floor.end_held(trial)
        return [trial.attempt_name for trial in running]

    def order_pause(self, command: Command) -> list[str]:
        """Take the order to pause a trial, or all of them and the sweep; one that waits is paused at once."""
        if self._refused_at_end(command):
            return []
        trials = self._meant(command, RUNNING, WAITING)
        running = [trial for trial in trials if trial.status == RUNNING]
        for trial in running:
            trial.pauses.append(command)
        for trial in trials:
            if trial.status == WAITING:
                self._floor.hold(trial, PAUSED, f"paused by {command.who}")
        if command.trial is None:
            self.halted = True
            pausing = f"; {counted(len(running), 'trial')} told to pause" if running else ""
            self._answer(command, "done", f"nothing more is started{pausing}")
        elif running:
            self._answer(command, "accepted", f"{command.trial} pauses at its next step")
        elif trials:
            self._answer(command, "done", f"{command.trial} paused")
        return [trial.attempt_name for trial in running]

    def order_resume(self, command: Command) -> None:
        """Let paused trials start again as soon as there is room; for the whole sweep, let it start trials again."""
        if self._refused_at_end(command):
            return
        trials = self._meant(command, PAUSED)
        if command.trial is not None:
            text = f"{command.trial} goes on" if trials else ""
        else:
            text = f"the sweep goes on, {counted(len(trials), 'trial')} resumed" if trials or self.halted else ""
            self.halted = False
            if not text:
                self._answer(command, "refused", "nothing is paused")
        for trial in trials:
            trial.due = 0.0
            self._floor.hold(trial, WAITING, f"resumed by {command.who}")
        if text:
            self._answer(command, "done", text)

    def order_set(self, command: Command, settings: Mapping[str, Any]) -> list[str]:
        """Take the order to change settings of a trial; one that does not run takes them when it goes on."""
        for trial in self._meant(command, RUNNING, PAUSED, WAITING):
            if trial.status == RUNNING:
                trial.changes[command.id] = command
                self._answer(command, "accepted", f"{trial.id} takes {shown(settings)} at its next step")
                return [trial.attempt_name]
            trial.steered |= settings
            self._answer(command, "done", f"{trial.id} goes on with {shown(settings)}")
        return []

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

    def close(self, reason: str) -> None:
        """The sweep has ended: tell those who wanted that."""
        for command in self.orders:
            self._answer(command, "done", f"the sweep ended: {reason}")

    def _meant(self, command: Command, *statuses: str) -> list[TrialState]:
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

    def _refused_at_end(self, command: Command) -> bool:
        if self._floor.is_ending:
            self._answer(command, "refused", "the sweep is ending")
        return self._floor.is_ending

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
