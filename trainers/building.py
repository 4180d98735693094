"""A trainer's task without its training: for whoever does something else with what a trainer builds."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Generator, Mapping
from typing import Any, cast

from torch import Tensor

from trainers import registry
from trainers.contract import InputError, Trainer
from trainers.devices.base import Device
from trainers.devices.select import select_for
from trainers.seeding import seed_apart
from trainers.task import Passes, Task
from trainers.updating import Updating


def builder(trainer: Trainer) -> Callable[[Any, Device], Task]:
    """What builds a trainer's task. Raises `InputError` for a trainer that does without."""
    if not trainer.uses_torch:
        raise InputError(f"{trainer.name} computes without torch, so it has no steps that could be looked at")
    module = trainer.recipe.partition(":")[0]
    build = getattr(importlib.import_module(module), "build", None)
    if build is None:
        raise InputError(f"{trainer.name}: {module} has no build(config, device) that makes a model to look at")
    return cast("Callable[[Any, Device], Task]", build)


def build_task(request: Mapping[str, Any]) -> tuple[Task, Device]:
    """The task of a request with `trainer`, its `config`, a `device` and `threads`, and the device, made ready.

    Nothing is written and no checkpoint gone on from. `memory`, where it is given, are the bytes that a device whose
    memory is that of the host may take. Raises `InputError`.
    """
    trainer = registry.find(request["trainer"])
    config = registry.build_config(trainer, {**request["config"], "out": "", "resume": ""})
    build = builder(trainer)
    device = select_for(trainer, request["device"])
    device.setup(threads=request["threads"])
    if request.get("memory") is not None:
        device.limit_memory(request["memory"])
    task = build(config, device)
    seed_apart(config.seed, device)
    return task, device


def batches_of(task: Task) -> Generator[Any]:
    """Batch after batch of a task, pass after pass, as training takes them. Let go of with `close`."""
    passes = Passes(task.batches, task.order)
    try:
        yield from passes
    finally:
        passes.close()


def stepping(task: Task, device: Device) -> Callable[[Any], Tensor]:
    """What makes a step as training does and returns its loss, still on the device. `step_end` is to follow each."""
    updating = Updating(task, device)
    device.team.same_start(task.model)
    device.settle(task.model, task.optimizer)

    def step(batch: Any) -> Tensor:
        loss = updating.gradients(device.receive(batch))["loss"]
        updating.update()
        task.running.restart()  # nobody reads its scores
        return loss.detach()

    return step
