"""The training loop that all torch trainers share. Read it from top to bottom: this is all that happens.

A trainer hands over a `Task`: the objects it built and two functions, one for the loss of a batch and one for an
evaluation. The loop adds the rest: logging, norms, schedules, checkpoints, commands and the end after a fraction of an
epoch.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Protocol

import torch
from torch import Tensor, nn

from trainers.contract import (
    Built,
    Command,
    Eval,
    Event,
    Events,
    Goal,
    Save,
    Saved,
    Scalar,
    Set,
    Step,
    TrainerConfig,
)
from trainers.devices.base import Device
from trainers.grad_norms import NormTable
from trainers.schedule import Schedule
from trainers.seeding import rng_state


class Batches(Protocol):
    """Training batches, in a new order on every pass, and how many there are in one pass."""

    def __len__(self) -> int: ...

    def __iter__(self) -> Iterator[Any]: ...


def no_artefacts(folder: Path) -> Mapping[str, Path]:
    """For tasks that keep nothing besides checkpoints."""
    return {}


@dataclass(frozen=True, kw_only=True)
class Task:
    """What a trainer built.

    `model` holds all weights, those of a loss head included. `loss` returns 0-d tensors on the device, by name, with
    at least `loss`; `evaluate` returns plain numbers, with at least `main_metric`, which decides what `best` means.
    `order` is the generator of the data order. `artefacts` writes files into a folder after every new best evaluation
    and returns their paths by label.
    """

    model: nn.Module
    optimizer: torch.optim.Optimizer
    groups: tuple[str, ...]
    schedule: Schedule
    batches: Batches
    order: torch.Generator
    loss: Callable[[Any], Mapping[str, Tensor]]
    evaluate: Callable[[], Mapping[str, float]]
    main_metric: str
    goal: Goal
    effective: Mapping[str, Scalar]
    artefacts: Callable[[Path], Mapping[str, Path]] = no_artefacts


@dataclass
class Progress:
    """How far a run has come. Steps count from 1, epochs from 0."""

    total: int
    epoch: int = 0
    step: int = 0
    metrics: dict[str, float] = field(default_factory=dict)
    best: float = math.nan
    norms_at: int = 0


def total_steps(epochs: float, steps_per_epoch: int) -> int:
    """Steps in so many epochs, at least one unless `epochs` is 0."""
    return max(1, round(epochs * steps_per_epoch)) if epochs > 0 else 0


def run(task: Task, config: TrainerConfig, device: Device) -> Events:
    """Trains for `config.epochs`, evaluating after every epoch and at the very end; 0 epochs only evaluate.

    `Step.time` is seconds since training began, `Eval.time` how long the evaluation took. Norms of all parameter
    groups come with the first logged step and then with one in every `norms_every` steps.
    """
    state = _Run(task, config, device)
    at = state.progress
    yield from state.tell(Built(task.effective, at.total, task.groups))

    task.model.train()
    began = time.monotonic()
    for epoch, batch, epoch_ends in _stream(task.batches, at.total):
        at.epoch, at.step = epoch, at.step + 1
        logged = at.step % config.log_every == 0
        with_norms = logged and state.norms_are_due()

        task.schedule.before_step(at.step)
        task.optimizer.zero_grad(set_to_none=True)
        losses = task.loss(batch)
        losses["loss"].backward()  # type: ignore[no-untyped-call]
        if with_norms:
            state.norms.before()
        task.optimizer.step()
        norms = state.norms.after() if with_norms else []
        device.step_end()

        if logged:
            # Device sync: the only one of a training step. Losses and norms travel together.
            values = device.read([*losses.values(), *norms])
            metrics = dict(zip(losses, values, strict=False)) | task.schedule.rates()
            table = state.norms.unpack(values[len(losses) :]) if with_norms else ()
            yield from state.tell(Step("train", epoch, at.step, metrics, time.monotonic() - began, table))
        if epoch_ends:
            yield from state.evaluate()
    if at.total == 0:
        yield from state.evaluate()


def _stream(batches: Batches, total: int) -> Iterator[tuple[int, Any, bool]]:
    """Epoch, batch, and whether an evaluation follows: at the end of every pass and at the end of everything."""
    step, epoch = 0, 0
    while step < total:
        for batch in batches:
            step += 1
            yield epoch, batch, step == total or step % len(batches) == 0
            if step == total:
                return
        epoch += 1


class _Run:
    """One run's state, and everything around the steps themselves."""

    def __init__(self, task: Task, config: TrainerConfig, device: Device) -> None:
        self.task = task
        self.config = config
        self.device = device
        self.norms = NormTable(task.optimizer, task.groups)
        self.progress = Progress(total_steps(config.epochs, len(task.batches)))

    def norms_are_due(self) -> bool:
        """At the first logged step, and at the first one after each multiple of `norms_every`."""
        every, at = self.config.norms_every, self.progress
        if every == 0 or (at.norms_at and at.step // every == at.norms_at // every):
            return False
        at.norms_at = at.step
        return True

    def tell(self, event: Event) -> Events:
        """Yields one event and obeys what is sent in answer, until nothing more is sent."""
        command: Command | None = yield event
        while command is not None:
            answered, command = command, None
            if isinstance(answered, Set):
                self.task.schedule.steer(answered.key, answered.value)
            elif isinstance(answered, Save) and self.config.out:
                command = yield self.save("last")

    def evaluate(self) -> Events:
        """Evaluates, keeps the best and the last state, and writes artefacts of a new best."""
        task, at = self.task, self.progress
        began = time.monotonic()
        task.model.eval()
        # Device sync: an evaluation brings its predictions to the host.
        at.metrics = dict(task.evaluate())
        task.model.train()
        yield from self.tell(Eval("valid", at.epoch, at.step, dict(at.metrics), time.monotonic() - began))
        value = at.metrics[task.main_metric]
        task.schedule.after_evaluation(value)
        is_best = self._is_best(value)
        if is_best:
            at.best = value
        if not self.config.out:
            return
        yield from self.tell(self.save("last"))
        if is_best:
            yield from self.tell(self.save("best"))
            for label, path in task.artefacts(Path(self.config.out)).items():
                yield from self.tell(Saved(str(path), at.step, label))

    def save(self, label: str) -> Saved:
        """Writes a checkpoint, whole or not at all. Device sync: all weights are copied to the host."""
        task, at = self.task, self.progress
        path = Path(self.config.out) / f"{label}.pt"
        state = {
            "model": task.model.state_dict(),
            "optimizer": task.optimizer.state_dict(),
            "schedule": task.schedule.state_dict(),
            "epoch": at.epoch,
            "step": at.step,
            "metrics": dict(at.metrics),
            "best": at.best,
            "config": asdict(self.config),
            "effective": dict(task.effective),
            "rng": rng_state(self.device, task.order),
        }
        self.device.save(state, path)
        return Saved(str(path), at.step, label)

    def _is_best(self, value: float) -> bool:
        best = self.progress.best
        if math.isnan(best):
            return not math.isnan(value)
        return value > best if self.task.goal == "maximize" else value < best
