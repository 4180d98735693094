"""What strikes a running sweep, and whom."""

from __future__ import annotations

import signal
import time
from collections.abc import Callable
from random import Random

from .experiment import Experiment
from .processes import kill_all, marked, send, wait_until
from .records import size, trial_pids

Victim = Callable[[Experiment, Random], bool]
STILL_SECONDS = 0.3


def _trial(experiment: Experiment, random: Random) -> bool:
    """One of the trials that run."""
    pids = trial_pids(experiment.run)
    return bool(pids) and send(random.choice(list(pids.values())), signal.SIGKILL)


def _engine(experiment: Experiment, random: Random) -> bool:
    """The sweep's own process, in which the observer writes the index."""
    return send(experiment.started[-1].pid, signal.SIGKILL)


def _engine_in_a_transaction(experiment: Experiment, random: Random) -> bool:
    """The same as soon as the index begins to be written."""
    process, log = experiment.started[-1], experiment.run.index.with_name("index.db-wal")
    before = log.stat().st_mtime_ns if log.exists() else 0
    wait_until(lambda: process.poll() is not None or (log.exists() and log.stat().st_mtime_ns != before), pause=0.0005)
    return _engine(experiment, random)


def _everything(experiment: Experiment, random: Random) -> bool:
    """All processes at once, which is what a power cut does to them."""
    there = bool(marked(experiment.mark))
    kill_all(experiment.mark)
    return there


def _signalled(number: signal.Signals) -> Victim:
    return lambda experiment, _: send(experiment.started[-1].pid, number)


def _held_up(experiment: Experiment, pid: int) -> bool:
    """A process stands still until its sweep does nothing any more, and goes on then."""
    if not send(pid, signal.SIGSTOP):
        return False
    seen, since = -1, time.monotonic()
    while time.monotonic() - since < STILL_SECONDS and experiment.started[-1].poll() is None:
        now = size(experiment.run)
        if now != seen:
            seen, since = now, time.monotonic()
        time.sleep(0.005)
    return send(pid, signal.SIGCONT)


def _trial_held_up(experiment: Experiment, random: Random) -> bool:
    pids = trial_pids(experiment.run)
    return bool(pids) and _held_up(experiment, random.choice(list(pids.values())))


def _engine_held_up(experiment: Experiment, random: Random) -> bool:
    return _held_up(experiment, experiment.started[-1].pid)


def _named(*words: str) -> Victim:
    """A process with one of these words in its command line."""

    def strike(experiment: Experiment, random: Random) -> bool:
        found = [process.pid for process in marked(experiment.mark) if any(word in process.command for word in words)]
        return bool(found) and send(random.choice(found), signal.SIGKILL)

    return strike


LOCAL: dict[str, Victim] = {
    "trial": _trial,
    "engine": _engine,
    "engine in a transaction": _engine_in_a_transaction,
    "warm parent": _named("cockpit.engine.warm"),
    "everything": _everything,
    "SIGTERM": _signalled(signal.SIGTERM),
    "SIGINT": _signalled(signal.SIGINT),
    "SIGHUP": _signalled(signal.SIGHUP),
    "trial held up": _trial_held_up,
    "engine held up": _engine_held_up,
}
RAY: dict[str, Victim] = {
    **{name: LOCAL[name] for name in ("trial", "engine", "warm parent", "everything", "SIGTERM")},
    "Ray worker": _named("ray::TrialActor", "ray::IDLE"),
    "Ray agent": _named("ray::DashboardAgent", "ray::RuntimeEnvAgent"),
    "raylet": _named("raylet/raylet "),
    "GCS": _named("gcs_server "),
}
KILLS = {
    "trial",
    "engine",
    "engine in a transaction",
    "warm parent",
    "everything",
    "Ray worker",
    "Ray agent",
    "raylet",
    "GCS",
}
EXIT_CODES = (0, 1, 130, -signal.SIGKILL, -signal.SIGHUP, -signal.SIGTERM)
