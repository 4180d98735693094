"""What a trainer is: a generator of `Built`, `Step`, `Eval` and `Saved`.

    def train(config, device) -> Generator[Event, Command | None, None]

The first event is `Built`: the settings as read back from the objects that were really built. After it come steps,
evaluations and saved checkpoints, in the order in which they happen. Whoever drives the generator may `send` a
`Command` in answer to any event, and stops the training by closing it. A trainer never prints, never asks and never
imports the program that drives it.

Steps may be told when later ones have been made already, because their numbers were still on the device, but at most
`UNTOLD_STEPS` of them. All of them come before the evaluation or checkpoint that follows them, so `Saved`, the answer
to `Save`, may come after some steps; and a value that is `Set` in answer to a step holds from the one after
`Step.made` on.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

Goal = Literal["maximize", "minimize"]
Scalar = str | int | float | bool | None
UNTOLD_STEPS = 200


class InputError(Exception):
    """The user's data or settings cannot be used. The message is one line: what, where, and what to do."""


class CheckpointError(InputError):
    """The checkpoint in `resume` cannot be gone on from: not there, torn, or of another configuration."""


@dataclass(frozen=True, slots=True)
class Built:
    """The trainer stands and is about to take its first step.

    `effective` holds the settings read back from the built objects (a head's scale from the head, a learning rate
    from the optimizer), so that a parameter which never reached its object cannot look as if it had been varied.
    `total_steps` is the planned number of training steps, `groups` the names of the optimizer's parameter groups.
    `step` is the last step of the checkpoint that the training goes on from, 0 at a fresh start. `trivial` are the
    scores, by metric, of answers that take no model: one that does not beat them has learnt nothing. `frozen` names
    those of the model's `parameters` tensors that are not trained.
    """

    effective: Mapping[str, Scalar]
    total_steps: int
    groups: tuple[str, ...] = ()
    step: int = 0
    trivial: Mapping[str, float] = field(default_factory=dict)
    frozen: tuple[str, ...] = ()
    parameters: int = 0


@dataclass(frozen=True, slots=True)
class GroupNorms:
    """Norms of one parameter group, or of another row of tensors, at one step, over the L2 norms of the single tensors.

    `grad_max` is the largest tensor norm of the gradients, `nonfinite` counts gradient tensors with a NaN or
    infinity, `update_ratio` is ‖Δp‖ / ‖p‖ of the step that followed. `largest` is the name of the tensor with the
    gradient of `grad_max`. `zero` counts trained tensors without a gradient, or with one of zeros; `unchanged` those
    with a gradient that the step left as they were. `names` are the first few tensors that `zero`, `unchanged` and
    `nonfinite` count, under these words.
    """

    group: str
    param_mean: float
    param_std: float
    grad_mean: float
    grad_std: float
    grad_max: float
    nonfinite: int
    update_ratio: float
    largest: str = ""
    zero: int = 0
    unchanged: int = 0
    names: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Step:
    """One logged training step. `metrics` has at least `loss`; `time` is seconds since the phase began.

    `times` are the seconds of a step, the mean over the steps since the logged one before, by what they were spent on:
    see `trainers.step_times`. They are no metrics: nobody compares trials by them. `made` is the last step that was
    made when this one was told, 0 where that is this one.
    """

    phase: str
    epoch: int
    step: int
    metrics: Mapping[str, float]
    time: float
    norms: tuple[GroupNorms, ...] = ()
    times: Mapping[str, float] = field(default_factory=dict)
    made: int = 0


@dataclass(frozen=True, slots=True)
class Eval:
    """One evaluation over a whole data set. Early-stop decisions and rankings use these and nothing else.

    `phase` is `valid` for data the model has not been fitted to. Phases named `tune…` are shown, never ranked.
    """

    phase: str
    epoch: int
    step: int
    metrics: Mapping[str, float]
    time: float


@dataclass(frozen=True, slots=True)
class Saved:
    """A file that was completely written. `label` is `best`, `last`, `embeddings` or the trainer's own word."""

    path: str
    step: int
    label: str


@dataclass(frozen=True, slots=True)
class Save:
    """Command: write a `last` checkpoint now."""


@dataclass(frozen=True, slots=True)
class Set:
    """Command: change a steerable setting (see `option`) at this step boundary."""

    key: str
    value: float


Event = Built | Step | Eval | Saved
Command = Save | Set
Events = Generator[Event, Command | None, None]


def option(
    default: Any,
    help: str,
    *,
    low: float | None = None,
    high: float | None = None,
    choices: tuple[Scalar, ...] | None = None,
    steerable: bool = False,
) -> Any:
    """A config field with what a person and a checker need to know about it. Bounds are inclusive."""
    return field(
        default=default,
        metadata={"help": help, "low": low, "high": high, "choices": choices, "steerable": steerable},
    )


@dataclass(frozen=True, kw_only=True)
class TrainerConfig:
    """The settings every trainer has. A trainer's own config extends it with `option` fields."""

    data: str = option("", "data folder; empty means the data built into the package")
    epochs: float = option(5.0, "passes over the training data; fractions work", low=0.0)
    seed: int = option(0, "seed of initial weights, data order and dropout", low=0)
    log_every: int = option(1, "log a step every so many steps", low=1)
    norms_every: int = option(10, "norms of the parameter groups every so many steps; 0 turns them off", low=0)
    out: str = option("", "folder for checkpoints and embeddings; empty means none are written")
    resume: str = option("", "checkpoint to go on from, at its very step; empty means a fresh start")

    def ineffective(self) -> dict[str, str]:
        """Settings that have no effect beside the others, each with the reason, e.g. `{"s": "AdaCos sets it"}`."""
        return {}


def nothing_to_check(config: Any) -> None:
    """For trainers whose input cannot be wrong."""


@dataclass(frozen=True)
class Trainer:
    """One entry of the registry. Importing it must not import torch: the recipe is named, not imported.

    `metrics` names what evaluations report and which way each is better. `recipe` is `module:function`. `check`
    looks at data before anything starts and raises `InputError`. `preload` are modules worth importing once in a
    parent process from which trials are forked. A trainer with `uses_torch` false gets a device that does not load it.
    """

    name: str
    summary: str
    config: type[TrainerConfig]
    metrics: Mapping[str, Goal]
    recipe: str
    check: Callable[[Any], None] = nothing_to_check
    preload: tuple[str, ...] = ()
    uses_torch: bool = True
