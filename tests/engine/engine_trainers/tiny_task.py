"""A line that is fitted to points: the smallest task that the shared loop takes, with mishaps on demand."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from trainers import loop
from trainers.configs.torch_config import TorchConfig
from trainers.contract import Events, InputError, Trainer, option
from trainers.devices.base import Device
from trainers.schedule import Schedule
from trainers.seeding import seed_everything


@dataclass(frozen=True, kw_only=True)
class TinyConfig(TorchConfig):
    lr: float = option(0.05, "learning rate", low=0.0)
    head_lr: float | None = option(None, "learning rate of the bias", low=0.0)
    batch_size: int = option(8, "rows a step", low=1, high=1 << 20)
    rows: int = option(256, "rows there are", low=1)
    full_at: int = option(0, "batch size from which the device says that its memory is out; 0: never", low=0)
    killed_at: int = option(0, "batch size from which the process is killed; 0: never", low=0)
    hoard: int = option(0, "bytes that a row really takes", low=0)
    unknown_file: str = option("", "complained of when the data are checked")


class Points:
    """Batches of points near a line."""

    def __init__(self, config: TinyConfig, order: torch.Generator) -> None:
        self._config, self._order = config, order
        self.x = torch.randn(config.rows, 4, generator=torch.Generator().manual_seed(7))
        self.y = self.x @ torch.tensor([2.0, -1.0, 0.5, 1.0]) + 3.0

    def __len__(self) -> int:
        return self._config.rows // self._config.batch_size

    def __iter__(self) -> Iterator[Any]:
        places = torch.randperm(self._config.rows, generator=self._order)
        for number in range(len(self)):
            chosen = places[number * self._config.batch_size : (number + 1) * self._config.batch_size]
            yield self.x[chosen], self.y[chosen]


def build(config: TinyConfig, device: Device) -> loop.Task:
    order = seed_everything(config.seed, device)
    if config.batch_size > config.rows:
        raise InputError(f"batch_size = {config.batch_size} is more than the {config.rows} rows; lower batch_size")
    model, batches = nn.Linear(4, 1), Points(config, order)
    rates = [config.lr, config.lr if config.head_lr is None else config.head_lr]
    optimizer = torch.optim.SGD(
        [{"params": [part], "lr": rate} for part, rate in zip((model.weight, model.bias), rates, strict=True)]
    )
    own = () if config.head_lr is None else ("bias",)
    schedule = Schedule(optimizer, ("weight", "bias"), own_rate=own)

    def loss(batch: tuple[Tensor, Tensor]) -> dict[str, Tensor]:
        _mishap(config)
        x, y = batch
        return {"loss": (model(x).squeeze(1) - y).square().mean()}

    return loop.Task(
        model=model,
        optimizer=optimizer,
        groups=("weight", "bias"),
        schedule=schedule,
        batches=batches,
        order=order,
        loss=loss,
        evaluate=lambda: {"loss": float((model(batches.x).squeeze(1) - batches.y).square().mean())},
        main_metric="loss",
        goal="minimize",
        effective={"lr": config.lr, "batch_size": config.batch_size, "seed": config.seed},
    )


def _mishap(config: TinyConfig) -> None:
    if 0 < config.killed_at <= config.batch_size:
        os.kill(os.getpid(), signal.SIGKILL)
    if 0 < config.full_at <= config.batch_size:
        raise torch.OutOfMemoryError("the device has no memory left")
    if config.hoard:
        torch.ones(config.hoard * config.batch_size, dtype=torch.uint8)


def train(config: TinyConfig, device: Device) -> Events:
    yield from loop.run(build(config, device), config, device)


def check(config: TinyConfig) -> None:
    if config.unknown_file:
        raise InputError(f"{config.unknown_file}: does not exist")


TRAINER = Trainer(
    name="tiny_task",
    summary="fits a line",
    config=TinyConfig,
    metrics={"loss": "minimize"},
    recipe="engine_trainers.tiny_task:train",
    check=check,
    preload=("torch", "engine_trainers.tiny_task"),
)
