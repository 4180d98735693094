"""What happens inside a trial's process: the trainer runs, its events are recorded, its evaluations are asked about."""

from __future__ import annotations

import json
import math
import os
import select
import signal
import socket
import sys
import threading
import time
import traceback
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from cockpit.engine.channel import Channel, ChannelClosedError
from cockpit.engine.digest import digest_of
from cockpit.engine.output import unfailing
from cockpit.engine.request import Outcome, TrialRequest
from cockpit.events import kinds
from cockpit.events.text import one_line, safe_text
from cockpit.events.writer import EventWriter
from trainers import contract, lines, registry
from trainers.devices.select import select_for


class _TerminatedError(BaseException):
    """SIGTERM arrived. Not an `Exception`, so that no trainer swallows it."""


class _DivergedError(Exception):
    """The loss is not a number any more."""

    def __init__(self, step: int, value: float, last_good: float | None, last_good_step: int | None) -> None:
        word = "NaN" if math.isnan(value) else "infinite"
        since = "from the start" if last_good is None else f"last good {last_good:.5g} at step {last_good_step}"
        super().__init__(f"loss {word} at step {step}; {since}")
        self.details = {"step": step, "last_good": last_good, "last_good_step": last_good_step}


def main(request: dict[str, Any], end: socket.socket, lifeline: int) -> None:
    """Run one trial to its end and leave. Never returns."""
    asked = TrialRequest(**request)
    _enter_surroundings(asked)
    threading.Thread(target=_die_with_supervisor, args=(lifeline,), daemon=True).start()
    channel = Channel(end)
    outcome = _run(asked, channel)
    sys.stdout.flush()
    sys.stderr.flush()
    try:
        channel.send({"say": "end", "outcome": outcome.to_json()})
    except ChannelClosedError:
        pass  # nobody is left to hear it
    os._exit(0)


def _enter_surroundings(request: TrialRequest) -> None:
    """Output file, environment and signals of the trial, before anything else happens."""
    with request.path.joinpath("output.log").open("ab", buffering=0) as output, Path(os.devnull).open("rb") as nothing:
        os.dup2(nothing.fileno(), 0)
        os.dup2(output.fileno(), 1)
        os.dup2(output.fileno(), 2)
    sys.stdout, sys.stderr = unfailing(1), unfailing(2)
    config_path = request.path / "config.json"
    config_path.write_text(json.dumps(request.config, indent=1), encoding="utf-8")
    threads = str(request.threads)
    os.environ.update(
        COCKPIT_EVENTS=str(request.path / "events.jsonl"),
        COCKPIT_TRIAL=f"{request.experiment}/{request.trial}",
        COCKPIT_CONFIG=str(config_path),
        COCKPIT_DEVICE=request.device,
        # For what the trial starts itself; its own pools are set below, because they exist already.
        **dict.fromkeys(("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS"), threads),
    )
    os.environ.update(request.environment)


def _raise_terminated(*_: object) -> None:
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    raise _TerminatedError


def _die_with_supervisor(lifeline: int) -> None:
    """Wait for the pipe to close, which only the supervisor's end does, and take the whole group along."""
    poll = select.poll()
    poll.register(lifeline, select.POLLIN)
    poll.poll()
    os.killpg(0, signal.SIGKILL)


def _run(request: TrialRequest, channel: Channel) -> Outcome:
    """How the attempt ended. SIGTERM, which the warm parent holds back, is answered from here on."""
    try:
        signal.signal(signal.SIGTERM, _raise_terminated)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGTERM})
        outcome = _attempt(request, channel)
        signal.signal(signal.SIGTERM, signal.SIG_IGN)  # too late to change anything
    except _TerminatedError:
        return Outcome("terminated", reason="told to end by a signal")
    return outcome


def _attempt(request: TrialRequest, channel: Channel) -> Outcome:
    try:
        if request.command:
            from cockpit.engine.program_trial import run_program

            return run_program(request, channel)
        return _train(request, channel)
    except _DivergedError as error:
        return Outcome("diverged", reason=str(error), details=error.details)
    except (ChannelClosedError, KeyboardInterrupt):
        return Outcome("lost", reason="its supervisor is gone")
    except (Exception, SystemExit) as error:
        traceback.print_exc()
        text = one_line(f"{type(error).__name__}: {error}", 500)
        if isinstance(error, contract.InputError):
            text = one_line(str(error), 500)
        return Outcome("failed", reason=text, error=text, traceback=safe_text(traceback.format_exc()))


def _train(request: TrialRequest, channel: Channel) -> Outcome:
    trainer = registry.find(request.trainer)
    config = registry.build_config(trainer, {**request.config, "out": request.folder})
    device = select_for(trainer, request.device)
    device.setup(threads=request.threads)
    _limit_thread_pools(request.threads)
    writer = EventWriter(request.path / "events.jsonl")
    writer.write(
        kinds.Attempt(
            attempt=request.attempt,
            host=socket.gethostname(),
            pid=os.getpid(),
            device=device.describe(),
            threads=request.threads,
            at=time.time(),
        )
    )
    events = registry.load_recipe(trainer)(config, device)
    try:
        return _follow(events, _Recorder(writer, channel, trainer.name, config.seed))
    finally:
        signal.signal(signal.SIGTERM, signal.SIG_IGN)  # closing is what it asks for, and must not be cut short
        events.close()
        writer.close()


def _follow(events: contract.Events, recorder: _Recorder) -> Outcome:
    for event in events:
        if not recorder.record(event):
            return Outcome("stopped", reason="told to stop")
    return Outcome("finished")


def _limit_thread_pools(threads: int) -> None:
    """The pools of BLAS and OpenMP that the warm parent's imports made, whose size no environment changes any more."""
    from threadpoolctl import threadpool_limits

    threadpool_limits(limits=threads)


class _Recorder:
    """Writes what the trainer yields, and asks the supervisor where a decision may be due."""

    def __init__(self, writer: EventWriter, channel: Channel, trainer: str, seed: int) -> None:
        self._writer = writer
        self._channel = channel
        self._trainer = trainer
        self._seed = seed
        self._groups: tuple[str, ...] = ()
        self._last_good: tuple[float, int] | None = None

    def record(self, event: contract.Event) -> bool:
        """Record one event; False when the trial shall stop here. Raises `_DivergedError`."""
        for line in lines.format_event(event, self._groups):
            print(line)
        if isinstance(event, contract.Step):
            return self._step(event)
        if isinstance(event, contract.Eval):
            return self._eval(event)
        if isinstance(event, contract.Built):
            return self._built(event)
        self._writer.write(kinds.Saved(path=event.path, step=event.step, label=event.label))
        return True

    def _step(self, event: contract.Step) -> bool:
        write = self._writer.write
        write(kinds.Step(phase=event.phase, epoch=event.epoch, step=event.step, time=event.time, metrics=event.metrics))
        for norms in event.norms:
            write(kinds.Norms(step=event.step, **{name: getattr(norms, name) for name in norms.__slots__}))
        self._check_loss(event)
        return not any(message["say"] == "stop" for message in self._channel.pending())

    def _eval(self, event: contract.Eval) -> bool:
        metrics = dict(event.metrics)
        self._writer.write(
            kinds.Eval(phase=event.phase, epoch=event.epoch, step=event.step, time=event.time, metrics=metrics)
        )
        return self._ask({"say": "eval", "phase": event.phase, "step": event.step, "metrics": metrics})

    def _built(self, event: contract.Built) -> bool:
        self._groups = tuple(event.groups)
        digest = digest_of(self._trainer, event.effective, event.total_steps, self._seed)
        effective, groups = dict(event.effective), list(event.groups)
        self._writer.write(
            kinds.Built(effective=effective, digest=digest, total_steps=event.total_steps, groups=groups)
        )
        return self._ask({"say": "built", "digest": digest, "total_steps": event.total_steps})

    def _ask(self, message: Mapping[str, Any]) -> bool:
        self._channel.send(dict(message))
        return bool(self._channel.receive()["say"] == "go")

    def _check_loss(self, event: contract.Step) -> None:
        loss = event.metrics.get("loss")
        if loss is None:
            return
        if not math.isfinite(loss):
            raise _DivergedError(event.step, loss, *(self._last_good or (None, None)))
        self._last_good = (loss, event.step)
