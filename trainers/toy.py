"""The toy trainer: every trial climbs towards the height of a smooth hill at its own (x, y).

Nothing in it is random, so what a search finds and what a screen shows can be told in advance.
"""

from __future__ import annotations

import json
import math
import sys
import time
from pathlib import Path

from trainers.configs.toy import ToyConfig
from trainers.contract import Built, Eval, Event, Events, GroupNorms, Save, Saved, Set, Step
from trainers.devices.base import Device
from trainers.files import write_atomically

# Each group and how large its norms are.
GROUPS = {"body": 4.0, "head": 1.0}


class Climb:
    """The state of one trial. `progress` grows with the learning rate, so that steering `lr` shows."""

    def __init__(self, config: ToyConfig) -> None:
        self.config = config
        self.lr = config.lr
        self.progress = 0.0
        self.step = 0

    @property
    def score(self) -> float:
        """From 0 up to the hill's height, which is 1 at its top (0.6, -0.3)."""
        height = math.exp(-((self.config.x - 0.6) ** 2) - (self.config.y + 0.3) ** 2)
        return height * (1.0 - math.exp(-self.progress))

    @property
    def loss(self) -> float:
        return math.nan if self.step == self.config.nan_at else 1.0 - self.score

    def advance(self) -> None:
        """One step. Raises `RuntimeError` at `fail_at`."""
        time.sleep(self.config.delay)
        self.step += 1
        self.progress += 10.0 * self.lr / self.config.steps
        if self.step == self.config.fail_at:
            raise RuntimeError(f"the toy was told to fail at step {self.step}")

    def norms(self) -> tuple[GroupNorms, ...]:
        """Parameters that grow slowly and gradients that shrink with the distance still to go."""
        return tuple(_group_norms(name, scale, 1.0 - self.score, self) for name, scale in GROUPS.items())

    def save(self) -> Saved:
        path = Path(self.config.out) / "last.json"
        state = {"step": self.step, "progress": self.progress, "lr": self.lr, "score": self.score}
        write_atomically(path, lambda stream: stream.write(json.dumps(state).encode()))
        return Saved(path=str(path), step=self.step, label="last")


def train(config: ToyConfig, device: Device) -> Events:
    """The recipe: steps, an evaluation after every epoch, and a small JSON file as checkpoint where `out` is set."""
    climb = Climb(config)
    total = max(1, round(config.epochs * config.steps)) if config.epochs > 0 else 0
    effective = {
        "x": climb.config.x,
        "y": climb.config.y,
        "lr": climb.lr,
        "steps_per_epoch": config.steps,
        "total_steps": total,
        "seed": config.seed,
    }
    yield from _tell(Built(effective=effective, total_steps=total, groups=tuple(GROUPS)), climb)

    began = time.monotonic()
    while climb.step < total:
        epoch = climb.step // config.steps
        climb.advance()
        if climb.step % config.log_every == 0:
            shown = config.norms_every > 0 and climb.step % config.norms_every == 0
            metrics = {"loss": climb.loss, "lr": climb.lr, "score": climb.score}
            norms = climb.norms() if shown else ()
            yield from _tell(Step("train", epoch, climb.step, metrics, time.monotonic() - began, norms), climb)
        if climb.step % config.steps == 0 or climb.step == total:
            evaluation = {"loss": climb.loss, "score": climb.score}
            yield from _tell(Eval("valid", epoch, climb.step, evaluation, 0.0), climb)
    if config.out:
        yield climb.save()


def _tell(event: Event, climb: Climb) -> Events:
    """Yields one event and does what is sent in answer."""
    command = yield event
    while command is not None:
        answered, command = command, None
        if isinstance(answered, Set) and answered.key == "lr":
            climb.lr = answered.value
        elif isinstance(answered, Save) and climb.config.out:
            command = yield climb.save()


def _group_norms(name: str, scale: float, distance: float, climb: Climb) -> GroupNorms:
    grad = scale * distance * (1.0 + 0.2 * math.sin(0.7 * climb.step))
    param = scale * (10.0 + climb.progress)
    return GroupNorms(
        group=name,
        param_mean=param,
        param_std=0.4 * param,
        grad_mean=grad,
        grad_std=0.5 * grad,
        grad_max=2.5 * grad,
        nonfinite=1 if math.isnan(climb.loss) else 0,
        update_ratio=climb.lr * grad / param,
    )


if __name__ == "__main__":
    from trainers.alone import main

    sys.exit(main("toy"))
