"""Writes down what happens in a trial, and asks the supervisor where a decision may be due."""

from __future__ import annotations

import math
import os
import socket
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from cockpit.engine import timings
from cockpit.engine.channel import Channel
from cockpit.engine.checkpoints import is_borrowed
from cockpit.engine.digest import digest_of
from cockpit.engine.request import TrialRequest
from cockpit.events import kinds
from cockpit.events.frozen import frozen_values
from cockpit.events.writer import EventWriter
from cockpit.store.life import process_started
from trainers import contract, lines


def beginning(request: TrialRequest, device: str) -> kinds.Attempt:
    """This process works on a trial from now on."""
    return kinds.Attempt(
        attempt=request.attempt,
        host=socket.gethostname(),
        pid=os.getpid(),
        device=device,
        threads=request.threads,
        at=time.time(),
        extra={"process_started": process_started(os.getpid())},
    )


def ask(channel: Channel, message: Mapping[str, Any]) -> bool:
    """Say something to the supervisor and wait for its answer; False when the trial shall stop here."""
    channel.send(dict(message))
    return bool(channel.receive()["say"] == "go")


def is_told_to_stop(channel: Channel) -> bool:
    """Whether the supervisor has said so meanwhile; costs one poll where it has not."""
    return any(message["say"] == "stop" for message in channel.pending())


class DivergedError(Exception):
    """The loss is not a number any more."""

    def __init__(self, step: int, value: float, last_good: float | None, last_good_step: int | None) -> None:
        word = "NaN" if math.isnan(value) else "infinite"
        since = "from the start" if last_good is None else f"last good {last_good:.5g} at step {last_good_step}"
        super().__init__(f"loss {word} at step {step}; {since}")
        self.details = {"step": step, "last_good": last_good, "last_good_step": last_good_step}


class Recorder:
    """Records what a trainer yields. `step` is the last step that was recorded, `made` the last that was made then."""

    def __init__(self, writer: EventWriter, channel: Channel, request: TrialRequest, seed: int) -> None:
        self.step = self.made = 0
        self._writer = writer
        self._channel = channel
        self._folder = request.path
        self._trainer = request.trainer
        self._seed = seed
        self._log_every = max(1, int(request.config.get("log_every", 1)))
        self._is_borrowed = is_borrowed(request.checkpoint)
        self._groups: tuple[str, ...] = ()
        self._last_good: tuple[float, int] | None = None

    def record(self, event: contract.Event) -> bool:
        """Record one event; False when the trial shall stop here. Raises `DivergedError`."""
        text = lines.format_event(event, self._groups)
        if text:
            sys.stdout.write("\n".join(text) + "\n")  # one flush for them all
        if isinstance(event, contract.Step):
            return self._step(event)
        if isinstance(event, contract.Eval):
            return self._eval(event)
        if isinstance(event, contract.Built):
            return self._built(event)
        self._writer.write(kinds.Saved(path=self._inside(event.path), step=event.step, label=event.label))
        return True

    def steered(self, key: str, value: Any, who: str) -> None:
        """Record that a setting has another value from the next step on."""
        self._writer.write(kinds.Steered(step=self.made, settings={key: value}, who=who))

    def note(self, text: str) -> None:
        """Record something to know about this attempt."""
        print(text)
        self._writer.write(kinds.Note(text=text))

    def ask(self, message: Mapping[str, Any]) -> bool:
        """Say something to the supervisor and wait for its answer; False when the trial shall stop here."""
        return ask(self._channel, message)

    def _step(self, event: contract.Step) -> bool:
        self.step, self.made = event.step, max(event.step, event.made)
        step = kinds.Step(
            phase=event.phase,
            epoch=event.epoch,
            step=event.step,
            time=event.time,
            metrics=event.metrics,
            step_times=event.times,
        )
        self._writer.write(step, *(kinds.Norms.of(event.step, row) for row in event.norms))
        timings.mark("first step")
        self._check_loss(event)
        return not is_told_to_stop(self._channel)

    def _eval(self, event: contract.Eval) -> bool:
        self.step = self.made = event.step
        metrics = dict(event.metrics)
        self._writer.write(
            kinds.Eval(phase=event.phase, epoch=event.epoch, step=event.step, time=event.time, metrics=metrics)
        )
        return self.ask({"say": "eval", "phase": event.phase, "step": event.step, "metrics": metrics})

    def _built(self, event: contract.Built) -> bool:
        timings.mark("built")
        self._tell_what_is_missing(event.step)
        self.step = self.made = event.step
        self._groups = tuple(event.groups)
        digest = digest_of(self._trainer, event.effective, event.total_steps, self._seed)
        facts: dict[str, Any] = {"digest": digest, "total_steps": event.total_steps, "step": event.step}
        frozen = frozen_values(event.frozen, event.parameters) if event.frozen else {}
        told: dict[str, Any] = {"trivial": dict(event.trivial), "frozen": frozen, **facts}
        self._writer.write(kinds.Built(effective=dict(event.effective), groups=list(event.groups), **told))
        return self.ask({"say": "built", **facts})

    def _tell_what_is_missing(self, step: int) -> None:
        """An attempt before this one may have saved itself, and died before the disk took its last events."""
        if step and not self._is_borrowed:
            from cockpit.engine.answers import last_step  # most trials begin at their first step

            last = last_step(self._writer.path)
            if last is None:
                return  # the earlier attempt ran on another machine, and its record is not here
            missing = (step - last) // self._log_every
            if missing > 0:
                self._writer.write(kinds.Lost(count=missing, reason="an earlier attempt could not write them"))

    def _inside(self, path: str) -> str:
        """A path in the trial's folder without that folder, which may be copied or lie on another machine."""
        file = Path(path)
        return str(file.relative_to(self._folder)) if file.is_relative_to(self._folder) else path

    def _check_loss(self, event: contract.Step) -> None:
        try:
            loss = float(event.metrics["loss"])
        except (KeyError, TypeError, ValueError):
            return  # none was reported, or no number
        if not math.isfinite(loss):
            raise DivergedError(event.step, loss, *(self._last_good or (None, None)))
        self._last_good = (loss, event.step)
