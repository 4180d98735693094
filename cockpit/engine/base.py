"""The contract of an engine."""

from __future__ import annotations

from typing import Protocol

from cockpit.engine.channel import Message
from cockpit.engine.conductor import Conductor
from cockpit.engine.steering import Steering
from cockpit.engine.warm_client import WarmParentProcess


class Engine(Protocol):
    """Runs a conductor's trials until it has no more of them.

    `run` returns when every trial's process is gone and none is held back that may still go on. It calls
    `steering.attend` several times a second, so that commands are obeyed at once. Once `conductor.ending` is set, by a
    decision, a command or a signal, it starts nothing more, and the trials that still run are closed.
    """

    def run(self, conductor: Conductor, warm: WarmParentProcess, steering: Steering) -> None: ...


def decide(conductor: Conductor, trial: str, message: Message) -> bool:
    """Ask the conductor about a trial's message. True: go on."""
    if message["say"] == "built":
        return conductor.on_built(trial, message["digest"], message["total_steps"], message["step"])
    if message["say"] == "did":
        return conductor.on_did(trial, message["order"], message["refused"], message["step"])
    return conductor.on_evaluation(trial, message["phase"], message["step"], message["metrics"])
