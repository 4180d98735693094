"""The local engine: trials of this machine in one plain loop, no Ray."""

from __future__ import annotations

from cockpit.engine.base import decide
from cockpit.engine.conductor import Conductor
from cockpit.engine.trial import Trial, wait_for
from cockpit.engine.warm_client import WarmParentProcess

TICK_SECONDS = 0.2  # how long an interruption may go unnoticed


class LocalEngine:
    """Keeps as many trials running as the plan has room for."""

    def run(self, conductor: Conductor, warm: WarmParentProcess) -> None:
        running: list[Trial] = []
        told_to_end = False
        try:
            while _fill(conductor, warm, running):
                wait_for(running, TICK_SECONDS)
                for trial in running:
                    _attend(conductor, trial)
                running = [trial for trial in running if trial.outcome is None]
                if conductor.ending is not None and not told_to_end:
                    told_to_end = True
                    warm.terminate_trials()
        finally:
            for trial in running:
                trial.kill()


def _fill(conductor: Conductor, warm: WarmParentProcess, running: list[Trial]) -> bool:
    """Start trials while there is room. False when nothing runs and nothing will."""
    while len(running) < conductor.plan.share.concurrent:
        request = conductor.next_trial()
        if request is None:
            break
        running.append(Trial(request, warm.socket_path))
    return bool(running)


def _attend(conductor: Conductor, trial: Trial) -> None:
    """Answer what a trial asked, and hear how it ended."""
    for message in trial.read():
        if decide(conductor, trial.id, message):
            trial.go()
        else:
            trial.stop()
    if trial.outcome is not None:
        conductor.on_exit(trial.id, trial.outcome)
