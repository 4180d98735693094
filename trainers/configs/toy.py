"""Settings of the toy trainer: a hill to climb, without torch and without data."""

from __future__ import annotations

from dataclasses import dataclass

from trainers.contract import Trainer, TrainerConfig, option


@dataclass(frozen=True, kw_only=True)
class ToyConfig(TrainerConfig):
    """Where on the hill the trial stands, how long it takes, and what goes wrong on the way."""

    x: float = option(0.0, "first coordinate; the hill's top is at 0.6", low=-10.0, high=10.0)
    y: float = option(0.0, "second coordinate; the hill's top is at -0.3", low=-10.0, high=10.0)
    lr: float = option(0.1, "how fast the score approaches the height at (x, y)", low=0.0, high=10.0, steerable=True)
    steps: int = option(20, "steps per epoch", low=1, high=1_000_000)
    delay: float = option(0.0, "seconds that a step takes", low=0.0, high=60.0)
    fail_at: int = option(-1, "raise an error at this step; -1 never does", low=-1)
    nan_at: int = option(-1, "report a loss of NaN at this step; -1 never does", low=-1)


TRAINER = Trainer(
    name="toy",
    summary="a smooth hill over two numbers, for demonstrations and tests; needs no torch and no data",
    config=ToyConfig,
    metrics={"score": "maximize", "loss": "minimize"},
    recipe="trainers.toy:train",
    uses_torch=False,
)
