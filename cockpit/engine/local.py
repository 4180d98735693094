"""The local engine: trials of this machine in one plain loop, no Ray."""

from __future__ import annotations

from dataclasses import replace

from cockpit.engine import timings
from cockpit.engine.base import decide
from cockpit.engine.conductor import Conductor
from cockpit.engine.machine import GpuPool, gpu_environment, gpu_ids
from cockpit.engine.request import Outcome, TrialRequest
from cockpit.engine.steering import Steering
from cockpit.engine.trial import Trial, wait_for
from cockpit.engine.warm_client import WarmParentProcess

TICK_SECONDS = 0.2  # how long an interruption or a command may go unnoticed


class LocalEngine:
    """Keeps as many trials running as the plan has room for."""

    def run(self, conductor: Conductor, warm: WarmParentProcess, steering: Steering) -> None:
        timings.mark("engine")
        slots = _Slots(conductor, warm)
        told_to_end = False
        try:
            while slots.fill() or conductor.holds:
                wait_for(slots.running, TICK_SECONDS)
                slots.attend()
                steering.attend()
                if conductor.ending is not None and not told_to_end:
                    told_to_end = True
                    for trial in slots.running:
                        trial.stop()  # which sees to it that they do end
        finally:
            for trial in slots.running:
                trial.kill()


class _Slots:
    """The running trials and the GPUs that each of them holds."""

    def __init__(self, conductor: Conductor, warm: WarmParentProcess) -> None:
        self.running: list[Trial] = []
        self._conductor = conductor
        self._warm = warm
        self._pool = GpuPool(gpu_ids())
        self._gpus: dict[str, list[str]] = {}

    def fill(self) -> bool:
        """Start trials while there is room. False when nothing runs."""
        share = self._conductor.plan.share
        while len(self.running) < share.concurrent:
            request = self._conductor.next_trial()
            if request is None:
                break
            self._start(request)
        return bool(self.running)

    def _start(self, request: TrialRequest) -> None:
        gpus = self._pool.take(self._conductor.plan.share.gpu)
        try:
            trial = Trial(replace(request, environment=gpu_environment(gpus)), self._warm.socket_path)
        except ConnectionError as error:
            self._pool.give_back(gpus, self._conductor.plan.share.gpu)
            self._conductor.on_exit(request.trial, Outcome("lost", reason=str(error), error=str(error)))
            return
        self._gpus[trial.id] = gpus
        self.running.append(trial)

    def attend(self) -> None:
        """Answer what the trials asked, and let go of those that are gone."""
        for trial in self.running:
            for message in trial.read():
                trial.answer(decide(self._conductor, trial.id, message))
            if trial.outcome is not None:
                self._conductor.on_exit(trial.id, trial.outcome)
                self._pool.give_back(self._gpus.pop(trial.id), self._conductor.plan.share.gpu)
        self.running = [trial for trial in self.running if trial.outcome is None]
