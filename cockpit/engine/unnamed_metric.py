"""What ranks runs where nobody has said by what: the most telling of the metrics that their evaluations have."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

from cockpit.printed.names import strength
from cockpit.search.metric import Metric, usual_goal

_HALF = re.compile(r"(?<!average_)precision|recall", re.IGNORECASE)


def most_telling(runs: Iterable[Iterable[str]]) -> str:
    """Of the metrics' names of each run the one that most runs have; empty where there is none.

    Of several a score goes before a loss, and of equals the one that came first.
    """
    counts: dict[str, int] = {}
    for names in runs:
        for name in names:
            counts[name] = counts.get(name, 0) + 1
    order = {name: number for number, name in enumerate(counts)}
    return min(counts, key=lambda name: (-counts[name], -_weight(name), order[name]), default="")


def _weight(name: str) -> int:
    """A score counts more than a loss, a loss more than a name that need be no metric.

    Precision or recall alone is easy to raise at the cost of the other, so either counts less than other scores.
    """
    if not strength(name):
        return 0
    if usual_goal(name) != "maximize":
        return 1
    return 2 if _HALF.search(name) else 3


class UnnamedMetric:
    """Chooses for one run while its evaluations come; `chosen` is what ranks it so far."""

    def __init__(self, chosen: Metric) -> None:
        self.chosen = chosen
        self._names: dict[str, None] = {}

    def is_another_with(self, metrics: Mapping[str, Any]) -> bool:
        """Look at one more evaluation; True where another metric ranks the run from now on."""
        self._names.update(dict.fromkeys(name for name, value in metrics.items() if isinstance(value, int | float)))
        name = most_telling([self._names]) or self.chosen.name
        if name == self.chosen.name:
            return False
        self.chosen = Metric(name, usual_goal(name))
        return True
