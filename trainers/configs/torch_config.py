"""Settings of all trainers that compute with torch."""

from __future__ import annotations

from dataclasses import dataclass

from trainers.contract import TrainerConfig


@dataclass(frozen=True, kw_only=True)
class TorchConfig(TrainerConfig):
    """How a training computes, whatever it computes."""
