"""Settings of all trainers that compute with torch."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from trainers import norm_names
from trainers.contract import TrainerConfig, option

PRECISIONS = ("fp32", "bf16", "fp16")


@dataclass(frozen=True, kw_only=True)
class TorchConfig(TrainerConfig):
    """How a training computes, whatever it computes."""

    precision: str = option(
        "fp32",
        "fp32 computes everything in float32; bf16 and fp16 do matrix products and convolutions with half the bits, "
        "fp16 with scaled losses",
        choices=PRECISIONS,
    )
    accumulate: int = option(
        1, "batches whose gradients are added up for one step; a step then sees so many times batch_size rows", low=1
    )
    clip_norm: float = option(
        0.0, "norm of all gradients together above which they are scaled down to it; 0 leaves them", low=0.0
    )
    compile: bool = option(False, "torch.compile makes kernels of the network; the first steps wait for its compiler")
    fused: bool | None = option(
        None, "one kernel for all weights in the optimizer's step; none uses it on devices where it is faster"
    )
    num_workers: int = option(0, "processes that load batches beside the training process", low=0, high=256)
    prefetch: int = option(
        2,
        "batches made ahead of time: in a thread, or by each of the num_workers; 0 makes each when it is needed",
        low=0,
        high=1_024,
    )
    norms_of: str = option("", norm_names.HELP)

    def __post_init__(self) -> None:
        """Raises `InputError` for what no later check sees."""
        norm_names.check_rows(self.norms_of)


def cache_option(what: str) -> Any:
    """The setting of trainers that keep something between trainings."""
    return option("", f"folder for {what}; empty takes the user's cache folder, none keeps them in memory")
