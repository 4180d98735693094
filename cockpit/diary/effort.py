"""What an experiment took, and how it is done again."""

from __future__ import annotations

import math
from datetime import datetime

from cockpit.diary.facts import Facts
from cockpit.store.numbers import HOUR, duration_text
from cockpit.store.rows import TAKEN_UP_BY

PRICE = "price_per_hour"  # of the machine, in the sweep's environment, where somebody has told it


def took_text(facts: Facts) -> str:
    """The time from the beginning to the end, or to what is known last; empty where nothing is known."""
    seconds = _seconds(facts)
    return "" if seconds is None else duration_text(seconds)


def date_text(facts: Facts) -> str:
    """The day on which it began, where this machine is."""
    return datetime.fromtimestamp(facts.sweep.started or 0.0).strftime("%Y-%m-%d")


def cost_text(facts: Facts) -> str:
    """`cost 3.42 (1.20 an hour)` for all the time from beginning to end; empty where nobody has told a price."""
    price, seconds = facts.sweep.environment.get(PRICE), _seconds(facts)
    if isinstance(price, bool) or not isinstance(price, int | float) or not math.isfinite(price) or seconds is None:
        return ""
    return f"cost {price * seconds / HOUR:.2f} ({price:.2f} an hour)"


def commands(facts: Facts) -> list[str]:
    """What does all of it again, and then what does the best trial again, as far as there are such commands."""
    found = [facts.sweep.command] if facts.sweep.command else []
    if facts.best is not None and facts.sweep.engine in TAKEN_UP_BY and found:
        found.append(f"cockpit rerun {facts.sweep.experiment}/{facts.best.id}")
    return found


def _seconds(facts: Facts) -> float | None:
    sweep = facts.sweep
    ended = sweep.ended or max((trial.ended or trial.started or 0.0 for trial in facts.trials), default=0.0)
    if not sweep.started or not ended or (sweep.is_imported and ended <= sweep.started):
        return None  # a source without times is recorded as if it all happened at once
    return max(0.0, ended - sweep.started)
