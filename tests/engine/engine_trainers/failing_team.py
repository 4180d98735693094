"""Several processes of which one fails at its third step, in a way of its own, while the others wait for it."""

from __future__ import annotations

import os
import signal
import time
from dataclasses import dataclass

from trainers.contract import Built, Eval, Events, InputError, Step, Trainer, TrainerConfig, option
from trainers.devices.base import Device


@dataclass(frozen=True, kw_only=True)
class FailingConfig(TrainerConfig):
    how: str = option("raise 2", "raise, refuse, kill or hang, and which rank does it")


def train(config: FailingConfig, device: Device) -> Events:
    team = device.team
    how, culprit = config.how.split()
    yield Built(effective={"how": config.how}, total_steps=5)
    for step in range(1, 6):
        if step == 3 and str(team.rank) == culprit:
            _fail(how)
        yield Step("train", 0, step, {"loss": team.mean([1.0])[0]}, 0.0)
    yield Eval("valid", 0, 5, {"score": 1.0}, 0.0)
    while how == "hang" and str(team.rank) == culprit:
        time.sleep(1.0)


def _fail(how: str) -> None:
    if how == "raise":
        raise ZeroDivisionError("its own trouble")
    if how == "refuse":
        raise InputError("row 7 cannot be read")
    if how == "kill":
        os.kill(os.getpid(), signal.SIGKILL)


TRAINER = Trainer(
    name="failing_team",
    summary="processes of which one fails",
    config=FailingConfig,
    metrics={"score": "maximize"},
    recipe="engine_trainers.failing_team:train",
    preload=("torch.distributed", "trainers.devices.group"),
)
