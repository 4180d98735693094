"""How long a sweep will still take."""

from __future__ import annotations

from collections.abc import Iterable

from cockpit.store.rows import TrialRow


def time_left(trials: Iterable[TrialRow], total: int | None, now: float) -> float | None:
    """Seconds until the sweep ends, if the coming trials take as long as those that ended; None before the first."""
    trials = list(trials)
    took = [trial.seconds for trial in trials if trial.seconds is not None]
    running = [
        max(0.0, now - trial.started) for trial in trials if trial.status == "running" and trial.started is not None
    ]
    if not took or total is None:
        return None
    mean = sum(took) / len(took)
    waiting = max(0, total - len(trials)) * mean
    begun = sum(max(0.0, mean - elapsed) for elapsed in running)
    return (waiting + begun) / max(1, len(running))
