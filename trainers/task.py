"""What a torch trainer hands to the shared loop, and how far the loop has come with it."""

from __future__ import annotations

import math
from collections.abc import Callable, Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

import torch
from torch import Tensor, nn

from trainers.contract import Goal, Scalar
from trainers.schedule import Schedule
from trainers.view import LABELS


class Batches(Protocol):
    """Training batches, in a new order on every pass, and how many there are in one pass.

    Batches that also have `skip(batches)` can leave out the first ones of the next pass without loading them. What an
    iterator of theirs holds is let go with `close`, where it has that. Before each pass `begin(epoch)` is called with
    its number, from 0, where they have that.
    """

    def __len__(self) -> int: ...

    def __iter__(self) -> Iterator[Any]: ...


def nothing_to_rehearse() -> None:
    """For tasks that find out at their first evaluation whether they can be evaluated."""


def no_artefacts(folder: Path) -> Mapping[str, Path]:
    """For tasks that keep nothing besides checkpoints."""
    return {}


class Running:
    """Scores over all steps of a pass so far, for tasks that have some; this one has none.

    A task's loss leaves what they need on the device. It travels to the host together with the losses of a logged step.
    What was handed over is taken later, and before anything else is asked for.
    """

    def restart(self) -> None:
        """A pass begins."""

    def hand_over(self) -> list[Tensor]:
        """What the device has gathered since this was last called: vectors in float32, made within their steps."""
        return []

    def take(self, parts: list[list[float]]) -> None:
        """The values of what was handed over, flattened, of each process."""

    def scores(self) -> Mapping[str, float]:
        """The scores over everything taken."""
        return {}

    def state_dict(self) -> dict[str, Any]:
        """For a checkpoint. Everything has been handed over and taken then."""
        return {}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Goes on from a checkpoint."""


@dataclass(frozen=True)
class SplitGroups:
    """The group of each row that is trained on, and of each that is validated on, as the loaders really hold them.

    Groups are `apart` where validation is meant to have groups that were never trained on; `noun` is what people call
    them. Where they are not, rows of one group on both sides are worth a remark and no leak.
    """

    train: Sequence[Hashable]
    valid: Sequence[Hashable]
    apart: bool = True
    noun: str = "groups"


@dataclass(frozen=True)
class Tuning:
    """A last phase, `tune`, over data that validation is done on, `passes` times. Its numbers are never ranked.

    `batches` draw from the same generator as those of training. `artefacts` takes the number of the pass, from 0, and
    a folder; it is called after the evaluation of each pass, as the task's own are after a new best one.
    """

    batches: Batches
    passes: int
    artefacts: Callable[[int, Path], Mapping[str, Path]]


@dataclass(frozen=True, kw_only=True)
class Task:
    """What a trainer built.

    `model` holds all weights, those of a loss head included. `loss` returns 0-d tensors on the device, by name, with
    at least `loss`; `evaluate` returns plain numbers, with at least `main_metric`, which decides what `best` means.
    `order` is the generator of the data order. `artefacts` writes files into a folder after every new best evaluation
    and returns their paths by label. `memory` are plain values and tensors that checkpoints keep besides.

    Of several processes the first alone evaluates and writes artefacts. Where the task `shares_work` all are asked;
    they have to return the same, and the first alone writes.

    `rehearse` goes the whole way once on a handful of rows before training begins, and leaves no trace.

    An `evaluate` that also takes a `view`, see `trainers.view.View`, visits its rows in that way, so that it can be
    checked for leaks; `labels` are the columns of batches that it must not need. `split_groups` tells which groups are
    trained and validated on. `trivial` are scores, by metric, of answers that take no model, such as always the most
    frequent class.

    Losses are computed in `precision`. A step of `MicroBatches` has the mean gradient of several batches.
    With `clip_norm` above 0, gradients whose norm, taken over all parameters together, is larger are scaled down to it.
    With `save_every` above 0 a `last` checkpoint is written every so many steps, besides those after evaluations.
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
    rehearse: Callable[[], None] = nothing_to_rehearse
    running: Running = field(default_factory=Running)
    tuning: Tuning | None = None
    memory: dict[str, Any] = field(default_factory=dict)
    split_groups: Callable[[], SplitGroups] | None = None
    labels: tuple[str, ...] = LABELS
    trivial: Mapping[str, float] = field(default_factory=dict)
    shares_work: bool = False
    precision: str = "fp32"
    clip_norm: float = 0.0
    save_every: int = 0


@dataclass
class Progress:
    """How far a run has come. Steps count from 1, epochs from 0.

    `evaluated` is the step of the last evaluation, -1 before there was one, and `is_new_best` whether it was the best
    and its files are not all written yet; `is_tuned` is the same for the evaluation of a pass of tuning. `elapsed` are
    the seconds of training before this process took over.
    """

    step: int = 0
    epoch: int = 0
    metrics: dict[str, float] = field(default_factory=dict)
    best: float = math.nan
    norms_at: int = 0
    evaluated: int = -1
    is_new_best: bool = False
    is_tuned: bool = False
    elapsed: float = 0.0


def total_steps(epochs: float, steps_per_epoch: int) -> int:
    """Steps in so many epochs, at least one unless `epochs` is 0."""
    return max(1, round(epochs * steps_per_epoch)) if epochs > 0 else 0


@dataclass(frozen=True)
class Plan:
    """Which phase and pass a step belongs to: `train_steps` of training, then passes of tuning, if there are any."""

    steps_per_pass: int
    train_steps: int
    tune_steps_per_pass: int = 0
    tune_passes: int = 0

    @classmethod
    def of(cls, epochs: float, batches: Batches, tuning: Tuning | None = None) -> Plan:
        """Without any training there is no tuning either."""
        steps = total_steps(epochs, len(batches))
        if tuning is None or steps == 0:
            return cls(len(batches), steps)
        return cls(len(batches), steps, len(tuning.batches), tuning.passes)

    @property
    def total(self) -> int:
        return self.train_steps + self.tune_steps_per_pass * self.tune_passes

    def is_tuning(self, step: int) -> bool:
        return step > self.train_steps

    def tuned_passes(self, step: int) -> int:
        """The number of the pass of tuning that this step is in, from 0."""
        return (step - self.train_steps - 1) // self.tune_steps_per_pass

    def epoch(self, step: int) -> int:
        """Epochs count from 0, and go on through tuning."""
        if self.is_tuning(step):
            return math.ceil(self.train_steps / self.steps_per_pass) + self.tuned_passes(step)
        return max(0, step - 1) // self.steps_per_pass

    def number(self, step: int) -> int:
        """The number of the pass that this step is in, from 0 in each phase."""
        return self.tuned_passes(step) if self.is_tuning(step) else self.epoch(step)

    def seen(self, step: int) -> int:
        """How many batches of its pass have been seen after this step."""
        if self.is_tuning(step):
            return step - self.train_steps - self.tuned_passes(step) * self.tune_steps_per_pass
        return step - self.epoch(step) * self.steps_per_pass

    def ends_pass(self, step: int) -> bool:
        """Whether training, or a pass of either phase, ends with this step."""
        whole = self.tune_steps_per_pass if self.is_tuning(step) else self.steps_per_pass
        return step == self.train_steps or (step > 0 and self.seen(step) == whole)


class Passes:
    """Batch after batch, pass after pass, from any place on.

    `began` is the state of the order's generator at the beginning of the pass: with it and the number of batches seen
    in it, a later process stands at the same place. `len` is the number of batches in a pass.
    """

    def __init__(self, batches: Batches, order: torch.Generator) -> None:
        self._batches = batches
        self._order = order
        self._rest: Iterator[Any] | None = None
        self._number = 0
        self.began = order.get_state()

    def __len__(self) -> int:
        return len(self._batches)

    def __iter__(self) -> Iterator[Any]:
        while True:
            if self._rest is None:
                self.began = self._order.get_state()
                self._rest = self._begin()
            yield from self._rest
            self._rest = None
            self._number += 1

    def close(self) -> None:
        """Leaves the present pass where it is."""
        close = getattr(self._rest, "close", None)
        if close is not None:
            close()

    def go_to(self, began: Tensor, seen: int, number: int) -> None:
        """Goes into the pass that began so, behind the batches seen in it. A pass seen to its end is still that one."""
        self._order.set_state(began)
        self._number = number
        self.began = began
        skip = getattr(self._batches, "skip", None)
        if skip is not None:
            skip(seen)
        self._rest = self._begin()
        for _ in range(seen if skip is None else 0):
            next(self._rest)

    def _begin(self) -> Iterator[Any]:
        begin = getattr(self._batches, "begin", None)
        if begin is not None:
            begin(self._number)
        return iter(self._batches)
