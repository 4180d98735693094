"""Several processes of which one fails while rank 0 waits for ever and hears nothing of it. Needs no torch."""

from __future__ import annotations

import os
import signal
import time
from dataclasses import dataclass

from trainers.contract import Built, Events, Step, Trainer, TrainerConfig, option
from trainers.devices.base import Device


@dataclass(frozen=True, kw_only=True)
class WaitingConfig(TrainerConfig):
    how: str = option("raise", "what goes wrong in the last rank", choices=("raise", "kill", "exit"))


def train(config: WaitingConfig, device: Device) -> Events:
    last = int(os.environ["WORLD_SIZE"]) - 1
    yield Built(effective={"how": config.how}, total_steps=5)
    yield Step("train", 0, 1, {"loss": 1.0}, 0.0)
    if os.environ["RANK"] == str(last):
        if config.how == "raise":
            raise ZeroDivisionError("its own trouble")
        if config.how == "exit":
            os._exit(7)
        os.kill(os.getpid(), signal.SIGKILL)
    while True:
        time.sleep(1.0)


TRAINER = Trainer(
    name="waiting_team",
    summary="processes of which one fails and one waits",
    config=WaitingConfig,
    metrics={"score": "maximize"},
    recipe="engine_trainers.waiting_team:train",
    uses_torch=False,
)
