"""Learning rates over the course of a training, and what a person changes about them meanwhile."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import torch

from trainers.contract import Goal

KINDS = ("none", "cosine", "plateau", "noam")


class Schedule:
    """Sets each group's rate to its base rate times a factor that all groups share.

    `none` keeps the factor at 1. `cosine` lets it fall from 1 to 0 over `total_steps` (Loshchilov and Hutter 2017,
    without restarts). `plateau` multiplies it by `decay` whenever an evaluation is not better than the best before.
    `noam` lets it rise to 1 over `warmup_steps` w and fall as √(w/t) from there: min(t^-½, t·w^-1.5) divided by its top
    w^-½, so that with a base of f·(d·w)^-½ the rate is f·d^-½·min(t^-½, t·w^-1.5) (Vaswani et al. 2017, section 5.3).
    Base rates can be changed at any time: `lr` is the rate of every group that was given none of its own, and
    `<group>_lr` that of one group. So can `weight_decay`, which the optimizer keeps and which all its groups share.
    """

    def __init__(
        self,
        optimizer: torch.optim.Optimizer,
        groups: Sequence[str],
        kind: str = "none",
        total_steps: int = 0,
        own_rate: Sequence[str] = (),
        goal: Goal = "maximize",
        decay: float = 0.1,
        warmup_steps: int = 1,
    ) -> None:
        if kind not in KINDS:
            raise ValueError(f"schedule {kind!r} is none of {', '.join(KINDS)}")
        self.kind = kind
        self.factor = 1.0
        self._optimizer = optimizer
        self._groups = tuple(groups)
        self._base = [float(group["lr"]) for group in optimizer.param_groups]
        self.total_steps = total_steps
        self._own_rate = frozenset(own_rate)
        self._sign = 1.0 if goal == "maximize" else -1.0
        self._best = -math.inf
        self._decay = decay
        self.warmup_steps = max(1, warmup_steps)

    def before_step(self, step: int) -> None:
        """Sets the rates of training step `step`, counted from 1."""
        if self.kind == "cosine":
            self.factor = 0.5 * (1.0 + math.cos(math.pi * min(1.0, (step - 1) / max(1, self.total_steps))))
        if self.kind == "noam":
            self.factor = min(math.sqrt(self.warmup_steps / step), step / self.warmup_steps)
        self._apply()

    def after_evaluation(self, value: float) -> None:
        """Tells the main metric of an evaluation. A NaN is not better than anything."""
        if self._sign * value > self._best:
            self._best = self._sign * value
        elif self.kind == "plateau":
            self.factor *= self._decay

    def steer(self, key: str, value: float) -> None:
        """Changes base rates or the weight decay from the next step on. Keys that name neither change nothing."""
        for index, name in enumerate(self._groups):
            if key == f"{name}_lr" or (key == "lr" and name not in self._own_rate):
                self._base[index] = value
        if key == "weight_decay":
            for group in self._optimizer.param_groups:
                group["weight_decay"] = value
        self._apply()

    def rates(self) -> dict[str, float]:
        """`lr`, the first group's rate, and `<group>_lr` for all groups where they differ. Read from the optimizer."""
        rates = [float(group["lr"]) for group in self._optimizer.param_groups]
        shown = {"lr": rates[0]}
        if len(set(rates)) > 1:
            shown |= {f"{name}_lr": rate for name, rate in zip(self._groups, rates, strict=True)}
        return shown

    def state_dict(self) -> dict[str, Any]:
        """For a checkpoint."""
        return {"kind": self.kind, "factor": self.factor, "base": list(self._base), "best": self._best}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Goes on from a checkpoint."""
        self.factor, self._base, self._best = state["factor"], list(state["base"]), state["best"]
        self._apply()

    def _apply(self) -> None:
        for group, base in zip(self._optimizer.param_groups, self._base, strict=True):
            group["lr"] = base * self.factor
