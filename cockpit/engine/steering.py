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
        self._deadlines: dict[str, float] = {}  # when a trial that was told to stop is killed
        self._methods: dict[str, Callable[[Command], None]] = {"stop": self._stop, "kill": self._kill, "add": self._add}

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
        self._conductor.answer(command, "refused", "not supported by this engine")

    def _stop(self, command: Command) -> None:
        trials = self._conductor.order_end(command)
        if command.trial is None:
            return  # the sweep is ending now, so all trials are asked in a moment
        for trial in trials:
            self._warm.signal_trial(trial, signal.SIGTERM)
            self._deadlines.setdefault(trial, self._clock() + GRACE_SECONDS)

    def _kill(self, command: Command) -> None:
        for trial in self._conductor.order_end(command):
            self._warm.signal_trial(trial, signal.SIGKILL)

    def _add(self, command: Command) -> None:
        try:
            config = self._conductor.plan.completed(command.settings)
        except InputError as error:
            self._conductor.answer(command, "refused", str(error))
        else:
            self._conductor.add(command, config)

    def _enforce_deadlines(self) -> None:
        for trial, deadline in list(self._deadlines.items()):
            if not self._conductor.is_open(trial):
                del self._deadlines[trial]
            elif self._clock() >= deadline:
                del self._deadlines[trial]
                self._warm.signal_trial(trial, signal.SIGKILL)
