"""Settings of all trainers that compute with torch."""

from __future__ import annotations

from dataclasses import dataclass

from trainers import norm_names
from trainers.contract import TrainerConfig, option


@dataclass(frozen=True, kw_only=True)
class TorchConfig(TrainerConfig):
    """How a training computes, whatever it computes."""

    norms_of: str = option("", norm_names.HELP)

    def __post_init__(self) -> None:
        """Raises `InputError` for what no later check sees."""
        norm_names.check_rows(self.norms_of)
