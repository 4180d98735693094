"""Settings of the matching trainer's optimizer: a rate for each module, their course, and the batch they go with."""

from __future__ import annotations

import math
from dataclasses import dataclass

from trainers.configs.torch_config import TorchConfig
from trainers.contract import option

_SAME = "; none means the same as lr"


@dataclass(frozen=True, kw_only=True)
class RateSettings(TorchConfig):
    """Optimizer, learning rates by module, and their course."""

    optimizer: str = option("adamw", "adamw, or adam with weight decay in the gradient", choices=("adamw", "adam"))
    lr: float = option(5e-4, "learning rate", low=0.0, high=10.0, steerable=True)
    image_lr: float | None = option(
        None, f"learning rate of the image branch{_SAME}", low=0.0, high=10.0, steerable=True
    )
    text_lr: float | None = option(None, f"learning rate of the text branch{_SAME}", low=0.0, high=10.0, steerable=True)
    head_lr: float | None = option(
        None, f"learning rate of fusion and loss head{_SAME}", low=0.0, high=10.0, steerable=True
    )
    lr_scaling: str = option(
        "none",
        "how all rates grow with the rows of a step: as they are, or as the root of that",
        choices=("none", "linear", "sqrt"),
    )
    lr_batch: int = option(16, "the rows of a step for which rates are given, with lr_scaling", low=1, high=1_048_576)
    weight_decay: float = option(0.01, "weight decay of the optimizer", low=0.0, high=10.0, steerable=True)
    scheduler: str = option("none", "course of the learning rates", choices=("none", "linear", "cosine", "plateau"))
    warmup: float = option(0.0, "share of the steps in which a linear or cosine course rises", low=0.0, high=1.0)
    plateau_factor: float = option(0.1, "what rates are multiplied by on a plateau of row_f1", low=0.01, high=0.99)
    plateau_patience: int = option(0, "evaluations in a row without gain that are no plateau yet", low=0, high=1_000)
    batch_size: int = option(16, "postings per step and process", low=2, high=65_536)

    def own_rate(self, group: str) -> float | None:
        """The rate of `image`, `text` or `head`, where it has one that is not `lr`."""
        return {"image": self.image_lr, "text": self.text_lr, "head": self.head_lr}[group]

    def rate_scale(self, processes: int) -> float:
        """What rates are multiplied by for the rows that so many processes see in a step."""
        ratio = self.batch_size * processes / self.lr_batch
        return {"none": 1.0, "linear": ratio, "sqrt": math.sqrt(ratio)}[self.lr_scaling]

    def ineffective(self) -> dict[str, str]:
        """What the course of the rates leaves without effect."""
        reasons = super().ineffective()
        if self.scheduler not in ("linear", "cosine"):
            reasons["warmup"] = "only a linear or cosine course rises"
        if self.scheduler != "plateau":
            reasons |= dict.fromkeys(("plateau_factor", "plateau_patience"), "the course does not look for a plateau")
        if self.lr_scaling == "none":
            reasons["lr_batch"] = "rates do not grow with the batch"
        return reasons
