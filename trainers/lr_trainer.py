"""A trainer made of another one, which looks for a learning rate in place of training: `find_lr:toxicity`.

It has all settings of the other, and `lr_range.low`, `lr_range.high` and `lr_range.steps`.
"""

from __future__ import annotations

from dataclasses import dataclass, field, make_dataclass
from typing import Any, ClassVar

from trainers.contract import InputError, Trainer, TrainerConfig
from trainers.fields import describe
from trainers.lr_range import LrRange

FIND_LR = "find_lr:"


@dataclass(frozen=True, kw_only=True)
class LrFinderConfig(TrainerConfig):
    """What the configs of all such trainers have beside the settings of `finds_for`."""

    finds_for: ClassVar[Trainer]
    lr_range: LrRange = field(default_factory=LrRange)


def lr_finder_of(trainer: Trainer) -> Trainer:
    """The trainer that looks for the learning rate of this one. Raises `InputError` for one that has none."""
    if not trainer.uses_torch:
        raise InputError(f"{trainer.name} computes without torch, so no learning rate of it can be looked for")
    if "lr" not in describe(trainer.config):
        raise InputError(f"{trainer.name} has no setting lr that could be looked for")
    config = make_dataclass(
        f"LrFinder{trainer.config.__name__}",
        [],
        bases=(trainer.config, LrFinderConfig),
        namespace={"finds_for": trainer, "__module__": __name__},
        frozen=True,
        kw_only=True,
    )

    def check(config: Any) -> None:
        config.lr_range.check()
        trainer.check(config)

    return Trainer(
        name=f"{FIND_LR}{trainer.name}",
        summary=f"looks for the learning rate of {trainer.name}",
        config=config,
        metrics={"smoothed_loss": "minimize"},
        recipe="trainers.lr_finder:find",
        check=check,
        preload=(*trainer.preload, "trainers.lr_finder"),
    )
