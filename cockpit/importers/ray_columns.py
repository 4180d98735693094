"""What the columns of Ray Tune's tables are: settings of a trial, or values that it reported.

Columns from the first one on that Tune reports itself, such as the counter of iterations, are values. Those before it
are settings, but for names at their end that only metrics have.
"""

from __future__ import annotations

from collections.abc import Sequence

from cockpit.importers.ray_tables import NAME, STATUS
from cockpit.printed.names import strength

PLACE = "loc"
COUNTERS = ("iter", "training_iteration")
TIMES = ("total time (s)", "time_total_s")
OUTCOMES = {"TERMINATED": "finished", "ERROR": "failed"}
STATUSES = frozenset((*OUTCOMES, "RUNNING", "PENDING", "PAUSED"))
_REPORTED = frozenset((
    *COUNTERS, *TIMES, "acc", "loss", "ts", "reward", "mean_accuracy", "mean_loss", "timesteps_total",
    "episode_reward_mean",
))  # fmt: skip
_ONLY_METRICS = 2  # how strong a name is that nothing else has


def has_counter(names: Sequence[str]) -> bool:
    """Whether a table says how far trials are; without that it says of none what it is."""
    return not set(COUNTERS).isdisjoint(names)


def settings_in(names: Sequence[str]) -> list[str]:
    """Those of the columns that are settings, in order."""
    own = [name for name in names if name not in (NAME, STATUS, PLACE)]
    end = next((place for place, name in enumerate(own) if name in _REPORTED), len(own))
    while end and strength(own[end - 1]) == _ONLY_METRICS:
        end -= 1
    return own[:end]


def values_in(names: Sequence[str]) -> list[str]:
    """Those that trials reported, the counter and the time among them."""
    settings = settings_in(names)
    return [name for name in names if name not in (NAME, STATUS, PLACE, *settings)]
