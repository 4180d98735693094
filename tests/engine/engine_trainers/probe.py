"""A trainer to which something happens at its third step, as its `mode` says. Needs no torch."""

from __future__ import annotations

import json
import math
import os
import random
import resource
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from trainers.contract import Built, Eval, Events, Saved, Step, Trainer, TrainerConfig, option
from trainers.devices.base import Device


@dataclass(frozen=True, kw_only=True)
class ProbeConfig(TrainerConfig):
    mode: str = option("plain", "what happens at step 3")
    x: float = option(0.0, "the score at the end")
    steps: int = option(4, "steps in all; every second one is followed by an evaluation", low=1)
    delay: float = option(0.0, "seconds that a step takes", low=0.0)
    noise: float = option(0.0, "how far scores of different seeds lie apart", low=0.0)


def train(config: ProbeConfig, device: Device) -> Events:
    out = Path(config.out)
    # The twins have two names for one thing.
    effective = {**vars(config), "out": "", "mode": config.mode.removesuffix("-a").removesuffix("-b")}
    yield Built(effective=effective, total_steps=config.steps)
    try:
        for step in range(1, config.steps + 1):
            time.sleep(config.delay)
            loss = 1.0 / step
            if step == 3 and config.mode in _HAPPENINGS:
                loss = _HAPPENINGS[config.mode](out) or loss
            yield Step("train", 0, step, {"loss": loss}, 0.0)
            if step % 2 == 0:
                score = {} if config.mode == "mute" else {"score": _score(config, step)}
                yield Eval("valid", 0, step, {"loss": loss, **score}, 0.0)
        yield Saved(str(out / "closed"), config.steps, "last")
    finally:
        (out / "closed").touch()


def _score(config: ProbeConfig, step: int) -> float:
    noise = config.noise * random.Random(f"{config.seed} {config.x}").gauss(0.0, 1.0) if config.noise else 0.0
    return config.x * step / config.steps + noise


def _fail(_: Path) -> None:
    raise RuntimeError("told to fail at step 3")


def _leave(_: Path) -> None:
    sys.exit("told to leave")


def _die(_: Path) -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def _diverge(_: Path) -> float:
    return math.nan


def _start_a_child(out: Path) -> None:
    child = subprocess.Popen(["sleep", "1000"])
    (out / "child.new").write_text(str(child.pid))
    (out / "child.new").rename(out / "child")


def _start_a_child_and_wait(out: Path) -> None:
    _start_a_child(out)
    time.sleep(1000)


def _be_stubborn(out: Path) -> None:
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    _start_a_child(out)
    while True:
        time.sleep(1000)


def _fill_the_disk(_: Path) -> None:
    """From here on no file can grow, which is what a full disk does to its writers."""
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))


def _tell_environment(out: Path) -> None:
    names = [name for name in os.environ if name.startswith("COCKPIT_") or name.endswith("_NUM_THREADS")]
    facts = {"pgid": os.getpgid(0), "pid": os.getpid(), **{name: os.environ[name] for name in names}}
    (out / "environment.json").write_text(json.dumps(facts))


_HAPPENINGS: dict[str, Callable[[Path], float | None]] = {
    "fails": _fail,
    "leaves": _leave,
    "dies": _die,
    "diverges": _diverge,
    "has a child": _start_a_child,
    "waits with a child": _start_a_child_and_wait,
    "is stubborn": _be_stubborn,
    "fills the disk": _fill_the_disk,
    "tells its environment": _tell_environment,
}

TRAINER = Trainer(
    name="probe",
    summary="a trainer to which things happen",
    config=ProbeConfig,
    metrics={"score": "maximize", "loss": "minimize"},
    recipe="engine_trainers.probe:train",
    uses_torch=False,
)
