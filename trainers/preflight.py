"""Goes the whole way once, on a handful of rows, before hours are spent on the first part of it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager

import torch
from torch import nn

from trainers.contract import InputError
from trainers.data.batches import TrainingLoader
from trainers.devices.base import Device
from trainers.seeding import rng_state, set_rng_state
from trainers.task import Task
from trainers.updating import Updating


def preflight(stages: Mapping[str, Callable[[], object]]) -> None:
    """Does one stage after the other. Raises `InputError` naming the first that does not work.

    Memory that does not suffice stays the error that it is: it says everything itself.
    """
    for name, stage in stages.items():
        try:
            stage()
        except (InputError, MemoryError, torch.OutOfMemoryError):
            raise
        except Exception as error:
            reason = " ".join(str(error).split())[:200] or type(error).__name__
            raise InputError(f"before training, {name} does not work: {reason}") from error


def go_the_whole_way(
    task: Task, batches: TrainingLoader, device: Device, stages: Mapping[str, Callable[[], object]]
) -> None:
    """A training step and then the stages of a task that is not trained yet, without a trace. Raises `InputError`.

    Where steps are compiled there is no step of its own: it would be another graph than those of training, which takes
    minutes, and training comes to its first one right behind.
    """

    def one_step() -> None:
        # A whole batch, so that memory is tried; loaded by this very process.
        batch = batches.dataset.__getitems__(next(iter(batches.order)))  # type: ignore[attr-defined]
        updating = Updating(task, device)
        updating.backward(batch)
        updating.update()
        device.step_end()

    with without_trace(task.model, task.optimizer, task.order, device):
        if not device.lazy:
            preflight({"a training step": one_step})
        task.model.eval()
        preflight(stages)
    task.running.restart()


@contextmanager
def without_trace(
    model: nn.Module, optimizer: torch.optim.Optimizer, order: torch.Generator, device: Device
) -> Iterator[None]:
    """Weights, buffers, gradients, the optimizer and all generators are afterwards as they were before.

    The optimizer is to be a fresh one: its state is thrown away. For the time being a second copy of the weights is
    held by the host: a copy of the device's own would leave XLA a first step that is another graph than the others.
    """
    generators, order_state, training = rng_state(device), order.get_state(), model.training
    tensors = list(model.state_dict(keep_vars=True).values())
    copies = [tensor.detach().to("cpu", copy=True) for tensor in tensors]
    try:
        yield
    finally:
        device.release(model)
        with torch.no_grad():
            for tensor, copy in zip(tensors, copies, strict=True):
                tensor.copy_(copy)
        optimizer.zero_grad(set_to_none=True)
        optimizer.state.clear()
        model.train(training)
        order.set_state(order_state)
        set_rng_state(generators, device)
