"""What a search judges trials by."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from typing import Literal

Goal = Literal["maximize", "minimize"]
GOALS = ("maximize", "minimize")
_LOWER_IS_BETTER = re.compile(
    r"(?:^|[^a-z])(?:[a-z]*loss|err(?:or)?|r?mse|r?msle|mae|s?mape|mase|perplexity|ppl|nll|bpc|bpb|[wc]er|fid|brier)"
    r"(?:[^a-z]|$)",
    re.IGNORECASE,
)
IMPUTE = ("latest", "best", "worst")
IMPUTE_RUNNING = ("latest", "best", "worst", "false")


@dataclass(frozen=True)
class Metric:
    """A metric by name, and which way it is better.

    `target` ends the sweep when a trial reaches it. `impute` says what a trial without any value counts as for the
    sampler: the worst or the best value of the others; the sampler does not hear of it where nothing is said, and with
    `latest`, which it has none of. `impute_while_running` is read for W&B's sake: samplers have their own way with
    trials that run.
    """

    name: str
    goal: Goal = "minimize"
    target: float | None = None
    impute: str | None = None
    impute_while_running: str = "false"

    def oriented(self, value: float) -> float:
        """`value` such that higher is better; whatever is not finite becomes the worst there is."""
        if not math.isfinite(value):
            return -math.inf
        return value if self.goal == "maximize" else -value

    def restored(self, oriented: float) -> float:
        """The opposite of `oriented`; the worst there is becomes NaN."""
        if not math.isfinite(oriented):
            return math.nan
        return oriented if self.goal == "maximize" else -oriented

    def better(self, value: float, than: float) -> bool:
        """Whether `value` beats `than`. NaN never does and is always beaten."""
        return self.oriented(value) > self.oriented(than)

    def reached(self, value: float) -> bool:
        """Whether `value` reaches the target; False without one."""
        return self.target is not None and self.oriented(value) >= self.oriented(self.target)


def usual_goal(name: str) -> Goal:
    """Which way a metric of this name is better, where nobody says: lower for losses and errors, else higher."""
    return "minimize" if _LOWER_IS_BETTER.search(name) else "maximize"
