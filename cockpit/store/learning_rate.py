"""What an experiment that looked for a learning rate found."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from cockpit.store.numbers import metric_text, setting_text
from cockpit.store.rows import SweepRow, TrialRow

NEAR_THE_END = 0.9  # of the last rate: a loss that is lowest there may fall on beyond it
FIND_LR = "find_lr:"  # how the trainers begin that look for the rate of another one


@dataclass(frozen=True)
class FoundRate:
    """What the rates `low` to `high`, in `steps` steps, did to the loss of `trainer`.

    `suggested` is where it fell most steeply, `lowest` where it was lowest, at `loss`, and `exploding` where it
    exploded; each is None where that cannot be told, and `is_over` False while the test runs.
    """

    experiment: str
    trainer: str
    low: float
    high: float
    steps: int
    taken: int
    is_over: bool
    suggested: float | None
    lowest: float | None
    exploding: float | None
    loss: float | None

    @property
    def factor(self) -> float:
        """What the rate grew by from one step to the next."""
        return float((self.high / self.low) ** (1 / max(1, self.steps - 1)))

    @property
    def text(self) -> str:
        """What was found, in one sentence."""
        if not self.is_over:
            return f"looking: step {self.taken} of {self.steps}"
        if self.loss is None:
            return "it ended before anything was found"
        return "; ".join((self._suggestion(), *self._course()))

    def _course(self) -> Iterator[str]:
        """Where the loss was lowest and where it exploded, as far as it did."""
        if self.lowest is not None and self.exploding is None and self.lowest >= NEAR_THE_END * self.high:
            yield f"lowest at about the last rate, {setting_text(self.high)} ({metric_text(self.loss)})"
            return
        if self.lowest is not None:
            yield f"lowest at {setting_text(self.lowest)} ({metric_text(self.loss)})"
        exploding = f"explodes at {setting_text(self.exploding)}" if self.exploding else ""
        yield exploding or f"does not explode up to {setting_text(self.high)}"

    def _suggestion(self) -> str:
        if self.suggested is None:
            return "no suggestion: the loss does not fall clearly anywhere"
        return f"lr {setting_text(self.suggested)}, where the loss falls most steeply"


def is_finder(trainer: str) -> bool:
    """Whether experiments of this trainer look for a learning rate."""
    return trainer.startswith(FIND_LR)


def found_rate(
    sweep: SweepRow, trials: Sequence[TrialRow], newest: Mapping[str, float] | None = None
) -> FoundRate | None:
    """What an experiment found; None for one that looked for something else, or has not begun.

    `newest` are the newest values of its trial's metrics, for who has read the trials without those of the best.
    """
    if not is_finder(sweep.trainer) or not trials:
        return None
    trial = trials[0]
    over = [_number(trial.config, f"lr_range.{name}") for name in ("low", "high", "steps")]
    low, high, steps = over
    if low is None or high is None or steps is None or not 0 < low < high:
        return None
    found = trial.best_metrics if newest is None else newest
    return FoundRate(
        experiment=sweep.experiment,
        trainer=sweep.trainer.removeprefix(FIND_LR),
        low=low,
        high=high,
        steps=int(steps),
        taken=trial.steps,
        is_over=trial.is_over,
        suggested=_number(found, "suggested_lr"),
        lowest=_number(found, "lowest_lr"),
        exploding=_number(found, "exploding_lr"),
        loss=trial.best,
    )


def _number(values: Mapping[str, Any], name: str) -> float | None:
    value = values.get(name)
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else None
