"""The toy trainer: every trial climbs towards the height of a smooth hill at its own (x, y).

Nothing in it is random, so what a search finds and what a screen shows can be told in advance.
"""

from __future__ import annotations

import json
import math
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from trainers import checkpoint
from trainers.configs.toy import ToyConfig
from trainers.contract import Built, Eval, Event, Events, GroupNorms, Save, Saved, Scalar, Set, Step
from trainers.devices.base import Device
from trainers.files import write_atomically

# Each group and how large its norms are.
GROUPS = {"body": 4.0, "head": 1.0}


class Climb:
    """The state of one trial. `progress` grows with the learning rate, so that steering `lr` shows.

    `evaluated` is the last step that was evaluated, `elapsed` the seconds of an earlier process.
    """

    def __init__(self, config: ToyConfig) -> None:
        self.config = config
        self.lr = config.lr
        self.progress = 0.0
        self.step = 0
        self.evaluated = 0
        self.elapsed = 0.0
        self.began = time.monotonic()

    @property
    def total(self) -> int:
        return max(1, round(self.config.epochs * self.config.steps)) if self.config.epochs > 0 else 0

    @property
    def epoch(self) -> int:
        return max(0, self.step - 1) // self.config.steps

    @property
    def evaluation_is_due(self) -> bool:
        """At the end of every epoch and of everything, once."""
        ends = self.step % self.config.steps == 0 or self.step >= self.total
        return ends and self.evaluated != self.step

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

    def seconds(self) -> float:
        return self.elapsed + time.monotonic() - self.began

    def effective(self) -> dict[str, Scalar]:
        return {
            "x": self.config.x,
            "y": self.config.y,
            "lr": self.config.lr,
            "steps_per_epoch": self.config.steps,
            "total_steps": self.total,
            "seed": self.config.seed,
        }

    def save(self) -> Saved:
        path = Path(self.config.out) / "last.json"
        state = {
            **checkpoint.head(self.config, self.effective()),
            "step": self.step,
            "progress": self.progress,
            "lr": self.lr,
            "evaluated": self.evaluated,
            "elapsed": self.seconds(),
            "score": self.score,
        }
        write_atomically(path, lambda stream: stream.write(json.dumps(state).encode()))
        return Saved(path=str(path), step=self.step, label="last")

    def go_on_from(self, path: str) -> None:
        """Stands where the trial stood when the file was saved. Raises `CheckpointError`."""
        state = _read(path)
        steered = checkpoint.check(path, state, self.config, self.effective())
        try:
            self.step, self.evaluated = int(state["step"]), int(state["evaluated"])
            self.progress, self.lr, self.elapsed = (float(state[key]) for key in ("progress", "lr", "elapsed"))
        except (KeyError, TypeError, ValueError) as error:
            raise checkpoint.unusable(path, f"lacks something ({error})") from error
        self.lr = steered.get("lr", self.lr)


def train(config: ToyConfig, device: Device) -> Events:
    """The recipe: steps, an evaluation after every epoch, and then a small JSON file as checkpoint if `out` is set."""
    climb = Climb(config)
    if config.resume:
        climb.go_on_from(config.resume)
    built = Built(effective=climb.effective(), total_steps=climb.total, groups=tuple(GROUPS), step=climb.step)
    yield from _tell(built, climb)

    climb.began = time.monotonic()
    if climb.evaluation_is_due:
        yield from _evaluate(climb)
    while climb.step < climb.total:
        climb.advance()
        if climb.step % config.log_every == 0:
            shown = config.norms_every > 0 and climb.step % config.norms_every == 0
            metrics = {"loss": climb.loss, "lr": climb.lr, "score": climb.score}
            norms = climb.norms() if shown else ()
            yield from _tell(Step("train", climb.epoch, climb.step, metrics, climb.seconds(), norms), climb)
        if climb.evaluation_is_due:
            yield from _evaluate(climb)


def _evaluate(climb: Climb) -> Events:
    climb.evaluated = climb.step
    metrics = {"loss": climb.loss, "score": climb.score}
    yield from _tell(Eval("valid", climb.epoch, climb.step, metrics, 0.0), climb)
    if climb.config.out:
        yield from _tell(climb.save(), climb)


def _tell(event: Event, climb: Climb) -> Events:
    """Yields one event and does what is sent in answer."""
    command = yield event
    while command is not None:
        answered, command = command, None
        if isinstance(answered, Set) and answered.key == "lr":
            climb.lr = answered.value
        elif isinstance(answered, Save) and climb.config.out:
            command = yield climb.save()


def _read(path: str) -> Mapping[str, Any]:
    try:
        state = json.loads(Path(path).read_bytes())
    except OSError as error:
        raise checkpoint.unusable(path, f"cannot be read ({error.strerror or error})") from error
    except ValueError as error:
        raise checkpoint.unusable(path, "is torn, or no checkpoint") from error
    if not isinstance(state, dict):
        raise checkpoint.unusable(path, "is no checkpoint of a trainer")
    return state


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
