"""The toy, which stays where it is after step 10 until a file of its folder says that it may go on. Needs no torch."""

from __future__ import annotations

import time
from dataclasses import replace
from pathlib import Path
from unittest import mock

from trainers import toy
from trainers.configs import toy as settings
from trainers.configs.toy import ToyConfig
from trainers.contract import Events
from trainers.devices.base import Device

STEP, OPEN = 10, "open"


class Gated(toy.Climb):
    """Waits at its gate, for as long as whoever looks on needs."""

    def advance(self) -> None:
        while self.step == STEP and not (Path(self.config.out) / OPEN).exists():
            time.sleep(0.01)
        super().advance()


def train(config: ToyConfig, device: Device) -> Events:
    with mock.patch.object(toy, "Climb", Gated):
        yield from toy.train(config, device)


TRAINER = replace(settings.TRAINER, name="gated", recipe="engine_trainers.gated:train")
