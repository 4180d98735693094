"""Learning rates over the course of a training, and what a person changes about them meanwhile."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import torch
from torch import Tensor

from trainers import courses
from trainers.contract import Scalar
from trainers.courses import Plateau
from trainers.optimizers import set_rate

KINDS = ("none", "cosine", "linear", "noam", "plateau")


class Schedule:
    """Sets each group's rate to its base rate times a factor.

    `none` keeps the factor at 1. Over the share `warmup` of `total_steps` `cosine` and `linear` let it rise to 1 in a
    straight line, and fall to 0 over the rest, on half a wave or in a straight line. `noam` lets it rise to 1 over
    `warmup_steps` and fall from there. `plateau` lowers it when evaluations do not get better, as the given `Plateau`
    has it.

    Base rates can be changed at any time: `lr` is the rate of every group that was given none of its own, and
    `<group>_lr` that of one group. So can `weight_decay`, which the optimizer keeps and which all its groups share but
    those with `decays` false.

    `scale` multiplies all rates at all times: the number of processes, where each adds a batch of its own to a step.
    """

    def __init__(
        self,
        optimizer: torch.optim.Optimizer,
        groups: Sequence[str],
        kind: str = "none",
        total_steps: int = 0,
        own_rate: Sequence[str] = (),
        plateau: Plateau | None = None,
        warmup: float = 0.0,
        scale: float = 1.0,
        warmup_steps: int = 1,
    ) -> None:
        if kind not in KINDS:
            raise ValueError(f"schedule {kind!r} is none of {', '.join(KINDS)}")
        self.kind = kind
        self.total_steps = total_steps
        self.plateau = plateau or Plateau()
        self.warmup = warmup
        self.scale = scale
        self._optimizer = optimizer
        self._groups = tuple(groups)
        self._base = [float(group["lr"]) for group in optimizer.param_groups]
        self._factors = [1.0] * len(self._base)
        self._sent = list(self._base)
        self._own_rate = frozenset(own_rate)
        self.warmup_steps = max(1, warmup_steps)
        self._apply()

    def before_step(self, step: int) -> None:
        """Sets the rates of training step `step`, counted from 1."""
        if self.kind == "cosine":
            self._factors = [courses.cosine(step, self.total_steps, self.warmup)] * len(self._base)
        elif self.kind == "linear":
            self._factors = [courses.linear(step, self.total_steps, self.warmup)] * len(self._base)
        elif self.kind == "noam":
            self._factors = [courses.noam(step, self.warmup_steps)] * len(self._base)
        else:
            return  # nothing changes between evaluations
        self._apply()

    def after_evaluation(self, value: float) -> None:
        """Tells the main metric of an evaluation."""
        if self.kind == "plateau" and self.plateau.is_due(value):
            for index, base in enumerate(self._base):
                rate = base * self.scale * self._factors[index]
                if rate > 0:
                    self._factors[index] *= self.plateau.lowered(rate) / rate
            self._apply()

    def steer(self, key: str, value: float) -> None:
        """Changes base rates or the weight decay from the next step on. Keys that name neither change nothing."""
        for index, name in enumerate(self._groups):
            if key == f"{name}_lr" or (key == "lr" and name not in self._own_rate):
                self._base[index] = value
        if key == "weight_decay":
            for group in self._optimizer.param_groups:
                if group.get("decays", True):
                    group["weight_decay"] = value
        self._apply()

    @property
    def given_rate(self) -> float:
        """What `lr` stands at: the base rate, unscaled, of the first group that was given none of its own."""
        named = zip(self._groups, self._base, strict=True)
        return next((base for name, base in named if name not in self._own_rate), self._base[0])

    @property
    def base_rates(self) -> dict[str, float]:
        """Each group's rate at the height of the course, by the group's name."""
        return {name: base * self.scale for name, base in zip(self._groups, self._base, strict=True)}

    def settings(self) -> dict[str, Scalar]:
        """The course and what it goes by, and by what rates are scaled, as they are applied."""
        settings: dict[str, Scalar] = {"scheduler": self.kind, "lr_scale": self.scale}
        if self.kind in ("cosine", "linear"):
            settings["warmup"] = self.warmup
        if self.kind == "plateau":
            settings |= {"plateau_factor": self.plateau.factor, "plateau_patience": self.plateau.patience}
        return settings

    def rates(self) -> dict[str, float]:
        """`lr`, the first group's rate, and `<group>_lr` for all groups where they differ.

        Read from the optimizer, but for one that has its rates on a device: there they are what was last sent.
        """
        kept = [group["lr"] for group in self._optimizer.param_groups]
        rates = [sent if isinstance(rate, Tensor) else rate for rate, sent in zip(kept, self._sent, strict=True)]
        if rates.count(rates[0]) == len(rates):
            return {"lr": rates[0]}
        return {"lr": rates[0], **{f"{name}_lr": rate for name, rate in zip(self._groups, rates, strict=True)}}

    def state_dict(self) -> dict[str, Any]:
        """For a checkpoint."""
        return {
            "kind": self.kind,
            "factors": list(self._factors),
            "base": list(self._base),
            "plateau": dict(self.plateau.state),
        }

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Goes on from a checkpoint."""
        self._factors, self._base = list(state["factors"]), list(state["base"])
        self.plateau.state = dict(state["plateau"])
        self._apply()

    def _apply(self) -> None:
        self._sent = [base * self.scale * factor for base, factor in zip(self._base, self._factors, strict=True)]
        for group, rate in zip(self._optimizer.param_groups, self._sent, strict=True):
            set_rate(group, rate)
