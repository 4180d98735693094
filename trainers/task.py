"""What a torch trainer hands to the shared loop, and how far the loop has come with it."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

import torch
from torch import Tensor, nn

from trainers.contract import Goal, Scalar
from trainers.schedule import Schedule


class Batches(Protocol):
    """Training batches, in a new order on every pass, and how many there are in one pass.

    Batches that also have `skip(batches)` can leave out the first ones of the next pass without loading them. What an
    iterator of theirs holds is let go with `close`, where it has that.
    """

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
    """How far a run has come. Steps count from 1, epochs from 0.

    `evaluated` is the step of the last evaluation, -1 before there was one, and `is_new_best` whether it was the best
    and its files are not all written yet. `elapsed` are the seconds of training before this process took over.
    """

    step: int = 0
    epoch: int = 0
    metrics: dict[str, float] = field(default_factory=dict)
    best: float = math.nan
    norms_at: int = 0
    evaluated: int = -1
    is_new_best: bool = False
    elapsed: float = 0.0


def total_steps(epochs: float, steps_per_epoch: int) -> int:
    """Steps in so many epochs, at least one unless `epochs` is 0."""
    return max(1, round(epochs * steps_per_epoch)) if epochs > 0 else 0


class Passes:
    """Batch after batch, pass after pass, from any place on.

    `began` is the state of the order's generator at the beginning of the pass: with it and the number of batches seen
    in it, a later process stands at the same place. `len` is the number of batches in a pass.
    """

    def __init__(self, batches: Batches, order: torch.Generator) -> None:
        self._batches = batches
        self._order = order
        self._rest: Iterator[Any] | None = None
        self.began = order.get_state()

    def __len__(self) -> int:
        return len(self._batches)

    def __iter__(self) -> Iterator[Any]:
        while True:
            if self._rest is None:
                self.began = self._order.get_state()
                self._rest = iter(self._batches)
            yield from self._rest
            self._rest = None

    def close(self) -> None:
        """Leaves the present pass where it is."""
        close = getattr(self._rest, "close", None)
        if close is not None:
            close()

    def go_to(self, began: Tensor, seen: int) -> None:
        """Goes into the pass that began so, behind the batches seen in it. A pass seen to its end is still that one."""
        self._order.set_state(began)
        self.began = began
        skip = getattr(self._batches, "skip", None)
        if skip is not None:
            skip(seen)
        self._rest = iter(self._batches)
        for _ in range(seen if skip is None else 0):
            next(self._rest)
