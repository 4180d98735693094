"""Whether a trial whose attempt failed gets another one, and when."""

from __future__ import annotations

from cockpit.engine.request import Outcome
from cockpit.engine.roster import TrialState

FIRST_SECONDS, LONGEST_SECONDS = 1.0, 60.0
MOST_NODES = 5  # a trial that has taken so many machines along is not tried on another


class Retries:
    """At most `max_failures` failures are forgiven a trial; the loss of a machine is not its fault and not counted.

    The first new attempt comes after a second, each further one after twice as long, up to a minute. Mistakes in
    settings and values that diverged would only happen again.
    """

    def __init__(self, max_failures: int) -> None:
        self._max_failures = max_failures

    def is_due(self, trial: TrialState, now: float) -> bool:
        """Whether a waiting trial may start. One that seems far off is due: the clock was set back meanwhile."""
        return not 0.0 < trial.due - now <= LONGEST_SECONDS

    def delay(self, trial: TrialState, outcome: Outcome) -> float | None:
        """Seconds until the next attempt, None when there is none; counts the failure."""
        if outcome.status not in ("failed", "lost", "terminated") or outcome.details.get("usage"):
            return None
        if outcome.details.get("node"):
            trial.nodes_lost += 1
            return 0.0 if trial.nodes_lost <= MOST_NODES else None
        if trial.failures >= self._max_failures:
            return None
        trial.failures += 1
        return float(min(LONGEST_SECONDS, FIRST_SECONDS * 2.0 ** (trial.failures - 1)))
