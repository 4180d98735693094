"""Runs a learning-rate range test over what a trainer builds; see `trainers.lr_range`."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import closing
from itertools import islice

from torch import Tensor

from trainers.building import batches_of, builder, stepping
from trainers.contract import Built, Eval, Events, InputError, Step
from trainers.devices.base import Device
from trainers.lr_range import RangeTest
from trainers.lr_trainer import LrFinderConfig
from trainers.optimizers import set_rate
from trainers.seeding import seed_apart
from trainers.task import Task

PHASE = "range"
# Steps whose losses come over together where waiting for them costs something: of 200, few are made in vain.
FEW = 10
# What a range test sets itself, so that it says nothing of it.
_SWEPT = ("lr", "scheduler", "warmup", "total_steps")


def find(config: LrFinderConfig, device: Device) -> Events:
    """One step at each rate until the loss explodes, and then an evaluation with the rates that were found.

    All groups' rates keep the ratio that they have to `lr`, and to the rule that scales it. Steps have `lr` as it would
    stand in the configuration, the `loss` and the smoothed one. The evaluation has `smoothed_loss`, the lowest one, and
    those of `suggested_lr`, `lowest_lr` and `exploding_lr` that there are.
    """
    over = config.lr_range
    over.check()
    task = builder(config.finds_for)(config, device)
    with device.team.together():
        device.team.same_start(task.model)
        seed_apart(config.seed, device)
        effective = {name: value for name, value in task.effective.items() if name not in _SWEPT}
        span = {"lr_range.low": over.low, "lr_range.high": over.high, "lr_range.steps": over.steps}
        yield Built({**effective, **span}, over.steps, task.groups)
        task.model.train()
        test, began = RangeTest(over), time.monotonic()
        for step, loss in enumerate(_losses(task, config, device), start=1):
            smoothed = test.take(loss)
            if smoothed == smoothed:  # a loss that is no number is no mishap here, but the end
                metrics = {"loss": loss, "smoothed_loss": smoothed, "lr": over.rate(step)}
                yield Step("train", (step - 1) // len(task.batches), step, metrics, time.monotonic() - began)
            if test.is_over:
                break
        yield _evaluation(test, len(test.losses) // len(task.batches), time.monotonic() - began)


def _losses(task: Task, config: LrFinderConfig, device: Device) -> Iterator[float]:
    """The losses of steps at growing rates, each the mean over processes."""
    over, ratios = config.lr_range, _ratios(task)
    at_once = 1 if device.answers_at_once else FEW
    packs: list[Tensor] = []
    make_step = stepping(task, device)
    with closing(batches_of(task)) as batches:
        for step, batch in enumerate(islice(batches, over.steps), start=1):
            for group, ratio in zip(task.optimizer.param_groups, ratios, strict=True):
                set_rate(group, over.rate(step) * ratio)
            packs.append(device.pack([make_step(batch)]))
            device.step_end()
            if len(packs) == at_once or step == over.steps:
                # Device sync: until these steps have been computed.
                yield from device.team.mean([loss for (loss,) in device.fetch(packs).floats()])
                packs = []


def _ratios(task: Task) -> list[float]:
    """What each group's rate is for an `lr` of 1. Raises `InputError` where `lr` is 0."""
    given = task.schedule.given_rate
    if given <= 0:
        raise InputError(f"lr = {given:g}: the rates of all groups are to keep their ratio to it, so it cannot be 0")
    return [rate / given for rate in task.schedule.base_rates.values()]


def _evaluation(test: RangeTest, epoch: int, seconds: float) -> Eval:
    found = test.found()
    rates = {"suggested_lr": found.suggested, "lowest_lr": found.lowest, "exploding_lr": found.exploding}
    known = {name: rate for name, rate in rates.items() if rate is not None}
    return Eval(PHASE, epoch, len(test.losses), {"smoothed_loss": found.lowest_loss, **known}, seconds)
