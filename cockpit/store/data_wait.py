"""How long a training stood still for want of data, and what helps."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from statistics import fmean
from typing import Any

WAIT = "wait"  # the share of the time between two logged steps in which the loop had no batch
LONG_WAIT = 0.2
FIRST_PART = 0.1  # of a trial's steps, in which it waits for its workers to start
LEAST_VALUES = 8


def wait_share(shares: Iterable[tuple[int, float | None]]) -> float:
    """The mean share after the first part of the steps, given by step; 0 where there is too little to tell."""
    told = [(step, share) for step, share in shares if share is not None and share == share]
    last = max((step for step, _ in told), default=0)
    later = [share for step, share in told if step > FIRST_PART * last]
    return fmean(later) if len(later) >= LEAST_VALUES else 0.0


def remedies(settings: Mapping[str, Any]) -> str:
    """What to do about it, with these settings of the trial; settings that it does not have are not spoken of."""
    more = [f"{name} (now {settings[name]})" for name in ("num_workers", "prefetch") if name in settings]
    advice = [f"raise {' or '.join(more)}"] if more else []
    if str(settings.get("cache", "")).strip().lower() == "none":
        advice.append("let cache have a folder")
    return ", or ".join(advice or ["more processes that load data"]) + ", or make its preparation cheaper"


def waiting_text(share: float, settings: Mapping[str, Any]) -> str:
    """One line for people where a trial waits too long; empty where it does not."""
    return f"waited for data {share:.0%} of the time: {remedies(settings)}" if share > LONG_WAIT else ""
