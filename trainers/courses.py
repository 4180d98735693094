"""How a learning rate goes over a training: factors of the base rate, step by step. No torch here."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Any

from trainers.contract import Goal


def cosine(step: int, total_steps: int, warmup: float = 0.0) -> float:
    """Up as in `linear`, then from 1 down to 0 behind the last step (Loshchilov and Hutter 2017, without restarts)."""
    rising = round(warmup * total_steps)
    if step <= rising:
        return step / rising
    fallen = (step - 1 - rising) / max(1, total_steps - rising)
    return 0.5 * (1.0 + math.cos(math.pi * min(1.0, fallen)))


def linear(step: int, total_steps: int, warmup: float) -> float:
    """Up to 1 over the share `warmup` of the steps, then down in a straight line (Devlin et al. 2019).

    The first step has 1 / w of the rate, where w are the steps of the warm-up, and not 0, which would teach nothing;
    step w + 1 has all of it, and the last one 1 / (total - w).
    """
    rising = round(warmup * total_steps)
    if step <= rising:
        return step / rising
    return max(0.0, (total_steps - step + 1) / max(1, total_steps - rising))


def noam(step: int, warmup_steps: int) -> float:
    """min(√(w/t), t/w): up to 1 over w steps, and down as one over the root of the steps.

    It is min(t^-½, t·w^-1.5) of Vaswani et al. 2017 (section 5.3) divided by its top w^-½, so that with a base rate of
    f·(d·w)^-½ the rate is f·d^-½·min(t^-½, t·w^-1.5).
    """
    return min(math.sqrt(warmup_steps / step), step / warmup_steps)


@dataclass
class Plateau:
    """When a metric has stopped getting better, as torch's `ReduceLROnPlateau` sees it with an absolute threshold.

    An evaluation is better when it passes the best one by more than `threshold`. After more than `patience` ones in a
    row that are not, `is_due` says once that rates are to be multiplied by `factor`; the next `cooldown` ones count
    for nothing. `lowered` never goes below `min_lr`, and leaves alone what would change by `eps` or less.
    """

    factor: float = 0.1
    patience: int = 0
    threshold: float = 0.0
    cooldown: int = 0
    min_lr: float = 0.0
    eps: float = 0.0
    goal: Goal = "maximize"
    state: dict[str, Any] = field(default_factory=lambda: {"best": -math.inf, "bad": 0, "cooling": 0})

    def is_due(self, value: float) -> bool:
        """Tells the value of an evaluation. A NaN is not better than anything."""
        state = self.state
        signed = value if self.goal == "maximize" else -value
        if signed > state["best"] + self.threshold:
            state["best"], state["bad"] = signed, 0
        else:
            state["bad"] += 1
        if state["cooling"] > 0:
            state["cooling"], state["bad"] = state["cooling"] - 1, 0
        if state["bad"] <= self.patience:
            return False
        state["cooling"], state["bad"] = self.cooldown, 0
        return True

    def lowered(self, rate: float) -> float:
        """The rate that follows `rate`."""
        lower = max(rate * self.factor, self.min_lr)
        return lower if rate - lower > self.eps else rate
