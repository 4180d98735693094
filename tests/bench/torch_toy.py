"""A trainer that imports torch and hardly computes, so that a sweep of it measures the engine around it."""

from __future__ import annotations

from dataclasses import dataclass

from trainers.contract import Built, Eval, Events, Trainer, TrainerConfig, option
from trainers.devices.base import Device

EVALUATIONS = 5


@dataclass(frozen=True, kw_only=True)
class TorchToyConfig(TrainerConfig):
    """One number to choose."""

    x: float = option(0.0, "what the score grows with", low=-10.0, high=10.0)


def score(x: float, evaluation: int) -> float:
    """The work of one evaluation, also that of the peer's trials."""
    import torch

    return float(torch.tanh(torch.tensor(x) * evaluation))


def train(config: TorchToyConfig, device: Device) -> Events:
    """Five evaluations and nothing between them."""
    yield Built(effective={"x": config.x}, total_steps=EVALUATIONS)
    for evaluation in range(1, EVALUATIONS + 1):
        yield Eval("valid", 0, evaluation, {"score": score(config.x, evaluation)}, 0.0)


TRAINER = Trainer(
    name="tests.bench.torch_toy",
    summary="imports torch and does nothing with it to speak of",
    config=TorchToyConfig,
    metrics={"score": "maximize"},
    recipe="tests.bench.torch_toy:train",
    preload=("torch",),
)
