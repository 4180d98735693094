"""What steps tell that is the same whenever they are made again."""

from __future__ import annotations

from trainers.contract import Eval, Step


def untimed(event: Step | Eval) -> dict[str, float]:
    """The metrics but how long was waited for the batch."""
    return {name: value for name, value in event.metrics.items() if name != "wait"}
