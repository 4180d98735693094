"""What happens inside a trial's process: the trainer runs, its events are recorded, its evaluations are asked about."""

from __future__ import annotations

import json
import os
import select
import signal
import socket
import sys
import threading
import traceback
from collections import deque
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, NoReturn

from cockpit.engine import timings
from cockpit.engine.channel import Channel, ChannelClosedError
from cockpit.engine.failing import outcome_of
from cockpit.engine.orders import Orders, drive
from cockpit.engine.output import unfailing
from cockpit.engine.rank_watch import RankFailedError
from cockpit.engine.ranks import RANK_VARIABLES, fork_ranks
from cockpit.engine.recorder import DivergedError, Recorder, beginning
from cockpit.engine.request import Outcome, TrialRequest
from cockpit.events.text import one_line
from cockpit.events.writer import EventWriter
from trainers import contract, registry
from trainers.devices.autoload import prevention
from trainers.devices.base import Device
from trainers.devices.select import select_for
from trainers.files import write_whole


class _TerminatedError(BaseException):
    """SIGTERM arrived. Not an `Exception`, so that no trainer swallows it."""


def main(request: dict[str, Any], end: socket.socket, lifeline: int, orders: socket.socket) -> None:
    """Run one trial to its end and leave. Never returns."""
    timings.mark("fork")
    asked = TrialRequest(**request)
    _enter_surroundings(asked)
    threading.Thread(target=_die_with_supervisor, args=(lifeline,), daemon=True).start()
    channel = Channel(end)
    farewell = _Farewell(channel)
    farewell.say(_run(asked, channel, Orders(orders), farewell))


class _Farewell:
    """The last word of the process, said once: by the trial itself, or for one that waits for a rank that is gone."""

    def __init__(self, channel: Channel) -> None:
        self._channel = channel
        self._lock = threading.Lock()

    def say(self, outcome: Outcome) -> NoReturn:
        """Tell how the trial ended, and leave."""
        self._lock.acquire()  # never released: nothing comes after
        sys.stdout.flush()
        sys.stderr.flush()
        try:
            self._channel.send({"say": "end", "outcome": outcome.to_json()})
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
    _write_settings(config_path, request.config)
    threads = str(request.threads)
    for name in RANK_VARIABLES:
        os.environ.pop(name, None)
    os.environ.update(
        COCKPIT_EVENTS=str(request.path / "events.jsonl"),
        COCKPIT_TRIAL=f"{request.experiment}/{request.trial}",
        COCKPIT_CONFIG=str(config_path),
        COCKPIT_DEVICE=request.device,
        # For what the trial starts itself; its own pools are set below, because they exist already.
        **dict.fromkeys(("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS"), threads),
    )
    os.environ.update(request.environment)


def _write_settings(path: Path, config: Mapping[str, Any]) -> None:
    """Whole or not at all: what is there is sent to the run folder of another machine at once, and never again."""
    write_whole(path, lambda stream: stream.write(json.dumps(config, indent=1).encode()))


def _raise_terminated(*_: object) -> None:
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    raise _TerminatedError


def _die_with_supervisor(lifeline: int) -> None:
    """Wait for the pipe to close, which only the supervisor's end does, and take the whole group along."""
    poll = select.poll()
    poll.register(lifeline, select.POLLIN)
    poll.poll()
    os.killpg(0, signal.SIGKILL)


def _run(request: TrialRequest, channel: Channel, orders: Orders, farewell: _Farewell) -> Outcome:
    """How the attempt ended. SIGTERM, which the warm parent holds back, is answered from here on."""
    try:
        signal.signal(signal.SIGTERM, _raise_terminated)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGTERM})
        outcome = _attempt(request, channel, orders, farewell)
        signal.signal(signal.SIGTERM, signal.SIG_IGN)  # too late to change anything
    except _TerminatedError:
        return Outcome("terminated", reason="told to end by a signal")
    return outcome


def _attempt(request: TrialRequest, channel: Channel, orders: Orders, farewell: _Farewell) -> Outcome:
    try:
        if request.command:
            from cockpit.engine.program_trial import run_program

            return run_program(request, channel)
        return _train(request, channel, orders, farewell)
    except DivergedError as error:
        return Outcome("diverged", reason=str(error), details=error.details)
    except (ChannelClosedError, KeyboardInterrupt):
        return Outcome("lost", reason="its supervisor is gone")
    except RankFailedError as error:
        print(f"ended with {error}")
        return error.outcome
    except (Exception, SystemExit) as error:
        traceback.print_exc()
        return outcome_of(error)


def _train(request: TrialRequest, channel: Channel, orders: Orders, farewell: _Farewell) -> Outcome:
    os.environ.update(prevention(os.environ))
    trainer = registry.find(request.trainer)
    settings = {**request.config, "out": request.folder, "resume": request.checkpoint}
    config = registry.build_config(trainer, settings)
    ranks = fork_ranks(request.processes, lambda: _help(request, trainer, config), farewell.say)
    with ranks.named():
        return _lead(request, trainer, config, channel, orders)


def _lead(
    request: TrialRequest,
    trainer: contract.Trainer,
    config: contract.TrainerConfig,
    channel: Channel,
    orders: Orders,
) -> Outcome:
    """What rank 0 does, and a trial of one process: train, record, and ask what comes next."""
    device = _ready_device(request, trainer)
    writer = EventWriter(request.path / "events.jsonl")
    writer.write(beginning(request, device.describe()))
    recorder = Recorder(writer, channel, request, config.seed)
    for key, value in request.steered.items():
        orders.add({"say": "set", "key": key, "value": value})
    recipe = registry.load_recipe(trainer)
    events = recipe(config, device)
    try:
        return drive(events, recorder, orders)
    except contract.CheckpointError as error:
        recorder.note(f"started over: {one_line(str(error))}")
        events = recipe(replace(config, resume=""), device)
        return drive(events, recorder, orders)
    finally:
        signal.signal(signal.SIGTERM, signal.SIG_IGN)  # closing is what it asks for, and must not be cut short
        events.close()
        writer.close()


def _help(request: TrialRequest, trainer: contract.Trainer, config: contract.TrainerConfig) -> None:
    """What ranks 1 and up do: the same training, of which rank 0 tells."""
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    recipe = registry.load_recipe(trainer)
    device = _ready_device(request, trainer)
    try:
        deque(recipe(config, device), maxlen=0)
    except contract.CheckpointError:
        deque(recipe(replace(config, resume=""), device), maxlen=0)


def _ready_device(request: TrialRequest, trainer: contract.Trainer) -> Device:
    device = select_for(trainer, request.device)
    device.setup(threads=request.threads)
    _limit_thread_pools(request.threads)
    return device


def _limit_thread_pools(threads: int) -> None:
    """The pools of BLAS and OpenMP that the warm parent's imports made, whose size no environment changes any more."""
    from threadpoolctl import threadpool_limits

    threadpool_limits(limits=threads)
