"""The commands to a running sweep, obeyed. Whatever can be asked of a sweep has one method here."""

from __future__ import annotations

import signal
import time
import traceback
from collections.abc import Callable

from cockpit.engine.conductor import Conductor
from cockpit.engine.control import Command, Inbox
from cockpit.engine.trial import GRACE_SECONDS
from cockpit.engine.warm_client import WarmParentProcess
from trainers.contract import InputError


class Steering:
    """Hears commands, has the conductor decide, and passes signals on to the trials.

    Engines call `attend` several times a second, in their own thread. It works the same for each of them, because all
    trials are children of this node's warm parent.
    """

    def __init__(
        self, conductor: Conductor, warm: WarmParentProcess, inbox: Inbox, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._conductor = conductor
        self._warm = warm
        self._inbox = inbox
        self._clock = clock
        self._told_to_end = False
        self._deadlines: dict[tuple[str, str], float] = {}  # by trial and attempt: when it is killed
        self._methods: dict[str, Callable[[Command], None]] = {
            "stop": self._stop,
            "kill": self._kill,
            "pause": self._pause,
            "resume": conductor.desk.order_resume,
            "add": self._add,
            "set": self._set,
        }

    def attend(self) -> None:
        """Obey what was asked since the last time; once the sweep is ending, ask all trials to close themselves."""
        for command in self._inbox.read():
            self._obey(command)
        self._conductor.heed_budget()
        self._enforce_deadlines()
        if self._conductor.ending is not None and not self._told_to_end:
            self._told_to_end = True
            self._warm.terminate_trials()

    def _obey(self, command: Command) -> None:
        try:
            self._methods.get(command.name, self._refuse)(command)
        except Exception as error:  # a command is not worth a sweep
            traceback.print_exc()
            text = f"it could not be done ({type(error).__name__}: {error}); see engine.log"
            self._conductor.answer(command, "refused", text)

    def _refuse(self, command: Command) -> None:
        self._conductor.answer(command, "refused", f"{command.name} is nothing that a sweep can be told")

    def _stop(self, command: Command) -> None:
        attempts = self._conductor.desk.order_end(command)
        if command.trial is None:
            return  # the sweep is ending now, so all trials are asked in a moment
        for attempt in attempts:
            self._warm.signal_trial(attempt, signal.SIGTERM)
            self._deadlines.setdefault((command.trial, attempt), self._clock() + GRACE_SECONDS)

    def _kill(self, command: Command) -> None:
        for attempt in self._conductor.desk.order_end(command):
            self._warm.signal_trial(attempt, signal.SIGKILL)

    def _pause(self, command: Command) -> None:
        for attempt in self._conductor.desk.order_pause(command):
            self._warm.order_trial(attempt, {"say": "pause", "order": command.id})

    def _set(self, command: Command) -> None:
        try:
            settings = self._conductor.plan.steered(command.settings)
        except InputError as error:
            self._conductor.answer(command, "refused", str(error))
            return
        for attempt in self._conductor.desk.order_set(command, settings):
            for key, value in settings.items():
                order = {"say": "set", "key": key, "value": value, "who": command.who, "order": command.id}
                self._warm.order_trial(attempt, order)

    def _add(self, command: Command) -> None:
        try:
            config = self._conductor.plan.completed(command.settings)
        except InputError as error:
            self._conductor.answer(command, "refused", str(error))
        else:
            self._conductor.add(command, config)

    def _enforce_deadlines(self) -> None:
        for (trial, attempt), deadline in list(self._deadlines.items()):
            if not self._conductor.is_open(trial):
                del self._deadlines[trial, attempt]
            elif self._clock() >= deadline:
                del self._deadlines[trial, attempt]
                self._warm.signal_trial(attempt, signal.SIGKILL)
