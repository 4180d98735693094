"""What the steps of a training spent their time on, in one line."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from statistics import fmean

from cockpit.events.kinds import STEP_TIMES
from cockpit.store.numbers import milliseconds_text, share_text


def spent_text(steps: Iterable[Mapping[str, float]]) -> str:
    """`a step takes 62.10 ms: data 30.21 (49%), compute 25.10 (40%), …`, the means; empty where no times are known.

    A part that a step does not name took no time in it.
    """
    known = [times for times in steps if times]
    if not known:
        return ""
    means = {name: fmean(times.get(name, 0.0) for times in known) for name in STEP_TIMES}
    whole = sum(means.values())
    parts = (f"{name} {milliseconds_text(mean)} ({share_text(mean / whole)})" for name, mean in means.items() if mean)
    return f"a step takes {milliseconds_text(whole)} ms: {', '.join(parts)}"
