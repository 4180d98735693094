"""How learning rates grow with the rows that a step sees."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

from trainers.configs.torch_config import TorchConfig
from trainers.contract import option

RULES = ("none", "processes", "linear", "sqrt")
_HELP = "what rates are multiplied by: nothing, the processes, a step's rows divided by lr_batch, or the root of that"


def scaling_rule(default: str) -> Any:
    """The option `lr_scaling`."""
    return option(default, _HELP, choices=RULES)


@dataclass(frozen=True, kw_only=True)
class RateScaling(TorchConfig):
    """The rule by which rates are multiplied, the same for all groups and at all steps. None by default.

    The linear rule is that of Goyal et al. 2017 for SGD; the root keeps the noise of Adam's
    steps (Malladi et al. 2022).
    """

    lr_scaling: str = scaling_rule("none")
    lr_batch: int | None = option(
        None,
        "the rows of a step for which rates are given, with lr_scaling; none takes the default of batch_size",
        low=1,
        high=1_048_576,
    )
    batch_size: int = option(16, "rows per step and process", low=1, high=65_536)

    def rate_scale(self, processes: int) -> float:
        """What rates are multiplied by for the rows that so many processes see in a step."""
        ratio = self.batch_size * self.accumulate * processes / (self.lr_batch or type(self).batch_size)
        scales = {"none": 1.0, "processes": float(processes), "linear": ratio, "sqrt": math.sqrt(ratio)}
        return scales[self.lr_scaling]

    def ineffective(self) -> dict[str, str]:
        """What the rule leaves without effect."""
        reasons = super().ineffective()
        if self.lr_scaling not in ("linear", "sqrt"):
            reasons["lr_batch"] = "rates do not grow with the batch"
        return reasons
