"""Where a score stands on a leaderboard."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence

from cockpit.kaggle.answers import Leader


def place_of(score: float, leaders: Sequence[Leader]) -> int:
    """The place of a score among leaders, counting from 1, the better one of equals.

    Which way is better follows from the first and the last of them; where they are the same, higher is.
    """
    known = [leader.score for leader in leaders if leader.score is not None]
    falls = not known or known[0] >= known[-1]
    keys = [-value if falls else value for value in known]
    return bisect_left(sorted(keys), -score if falls else score) + 1
