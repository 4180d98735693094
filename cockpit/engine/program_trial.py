"""A trial that is a program: its events are recorded and asked about as those of a trainer are."""

from __future__ import annotations

import signal
from dataclasses import replace

from cockpit.engine import timings
from cockpit.engine.channel import Channel
from cockpit.engine.children import ProgramError
from cockpit.engine.digest import digest_of
from cockpit.engine.program import ProgramEvents, program_events
from cockpit.engine.recorder import ask, beginning, is_told_to_stop
from cockpit.engine.request import Outcome, TrialRequest
from cockpit.events import kinds
from cockpit.events.writer import EventWriter
from cockpit.printed import PrintedReader


def run_program(request: TrialRequest, channel: Channel) -> Outcome:
    """Run the program of one attempt. How it ends is an outcome, also when it ends badly."""
    reader = PrintedReader(metric=request.metric, pattern=request.pattern)
    writer = EventWriter(request.path / "events.jsonl")
    writer.write(beginning(request, _device(request)))
    events = program_events(request, reader)
    try:
        return _follow(events, _Recorder(request, writer, channel))
    except ProgramError as error:
        details = {} if error.code is None else {"exit_code": error.code}
        return Outcome("failed", reason=str(error), error=str(error), details=details)
    finally:
        signal.signal(signal.SIGTERM, signal.SIG_IGN)  # ending it is what that asks for, and must not be cut short
        events.close()
        writer.close()


def _follow(events: ProgramEvents, recorder: _Recorder) -> Outcome:
    for event in events:
        if not recorder.record(event):
            return Outcome("stopped", reason="told to stop")
    return Outcome("finished", reason=recorder.doubt())


def _device(request: TrialRequest) -> str:
    """What it was given; what it makes of that is not known."""
    gpus = request.environment.get("CUDA_VISIBLE_DEVICES")
    if gpus:
        return f"cuda:{gpus}"
    return "cpu" if request.device == "auto" else request.device


class _Recorder:
    """Writes what the program does, and asks the supervisor where a decision may be due.

    A loss that is not a number ends nothing here: what a program prints under that name may be anything. If trials are
    ranked by it, the decision on its evaluation ends the trial as any other.
    """

    def __init__(self, request: TrialRequest, writer: EventWriter, channel: Channel) -> None:
        self._request = request
        self._writer = writer
        self._channel = channel
        self._evaluated: set[str] = set()
        self._only_in_steps = False
        self._held: kinds.Built | None = None
        self._has_begun = False

    def record(self, event: kinds.Event | None) -> bool:
        """Record one event, or look only for commands; False when the trial shall stop here."""
        if isinstance(event, kinds.Built):
            return self._built(event)
        if event is not None:
            if self._held is not None and not self._built(self._held):
                return False
            self._writer.write(event)
        if isinstance(event, kinds.Step):
            timings.mark("first step")
            self._only_in_steps = self._only_in_steps or self._request.metric in event.metrics
        if isinstance(event, kinds.Eval):
            self._evaluated.update(event.metrics)
            metrics = dict(event.metrics)
            return ask(self._channel, {"say": "eval", "phase": event.phase, "step": event.step, "metrics": metrics})
        return not is_told_to_stop(self._channel)

    def doubt(self) -> str:
        """What a user should know of a program that ended well; "" if it did what the search expects."""
        metric = self._request.metric
        if not metric or metric in self._evaluated:
            return ""
        if self._only_in_steps:
            return (
                f"{metric} stood in training steps only; report it with cockpit.evaluate, or print it as val_{metric}"
            )
        return f"it never reported {metric}; evaluations had {', '.join(sorted(self._evaluated)) or 'nothing'}"

    def _built(self, event: kinds.Built) -> bool:
        """The program begins. A later attempt may say itself after which step, so its word is waited for."""
        if self._request.attempt > 1 and not self._has_begun:
            self._has_begun, self._held = True, event
            return True
        self._held = None
        timings.mark("built")
        seed = self._request.config.get("seed", 0)
        settings = {**self._request.config, **event.effective}
        digest = digest_of(self._request.trainer, settings, 0, seed if isinstance(seed, int) else 0)
        self._writer.write(replace(event, digest=digest))
        return ask(
            self._channel, {"say": "built", "digest": digest, "total_steps": event.total_steps, "step": event.step}
        )
