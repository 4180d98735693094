"""Settings of all trainers that compute with torch."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from trainers import norm_names
from trainers.contract import TrainerConfig, option


@dataclass(frozen=True, kw_only=True)
class TorchConfig(TrainerConfig):
    """How a training computes, whatever it computes."""

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
