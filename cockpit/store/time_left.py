"""How long a sweep will still take."""

from __future__ import annotations

from collections.abc import Sequence

from cockpit.store.rows import TrialRow


def time_left(trials: Sequence[TrialRow], total: int | None, now: float, confirmations: int = 0) -> float | None:
    """Seconds until the sweep ends, if the coming trials take as long as those that ended; None before the first.

    `total` trials are searched, and so many `confirmations` follow; how many repeats there will be nobody knows.

    A trial that waits for its next attempt is still to come; how long one is paused nobody knows, so paused trials are
    left out, and None is the answer where nothing but them is left.
    """
    took = _durations(trials)
    running = [trial for trial in trials if trial.status == "running"]
    if not took or total is None or (not running and any(trial.status == "paused" for trial in trials)):
        return None
    mean = sum(took) / len(took)
    confirming = sum(bool(trial.confirms) for trial in trials)
    searched = sum(trial.is_searched for trial in trials)
    unbegun = (max(0, total - searched) + max(0, confirmations - confirming)) * mean
    begun = sum(_rest(trial, mean, now) for trial in trials if trial.status in ("running", "waiting"))
    return (unbegun + begun) / max(1, len(running))


def _durations(trials: Sequence[TrialRow]) -> list[float]:
    """How long trials took that ended, those with a pause in between only where there are no others."""
    ended = [(trial.attempt, trial.seconds) for trial in trials if trial.seconds is not None]
    return [seconds for attempt, seconds in ended if attempt == 1] or [seconds for _, seconds in ended]


def _rest(trial: TrialRow, mean: float, now: float) -> float:
    """Seconds that a trial still takes; of a later attempt the steps tell, because its clock ran while it rested."""
    if trial.attempt == 1 and trial.status == "running" and trial.started is not None:
        return max(0.0, mean - max(0.0, now - trial.started))
    done = trial.steps / trial.total_steps if trial.total_steps else 0.0
    return mean * max(0.0, 1.0 - done)
