"""How often winner and baseline run again at the end: `confirm: 5`, `confirm: {seeds: 5}`, or `confirm: true`."""

from __future__ import annotations

from collections.abc import Mapping

from cockpit.search.errors import Place
from cockpit.search.values import only, whole

# The least number of pairs with which a paired t-test on the level of 3 % sees a difference of 1.5 standard deviations
# of a single run in four of five cases. Two runs differ by sqrt(2) times that deviation, so the effect is 1.06 of the
# differences' own. By the noncentral t distribution the power is 0.22 with 4 pairs, 0.43 with 6, 0.63 with 8, 0.77 with
# 10 and 0.82 with 11; `python -m tests.bench --only verdicts` measures it.
DEFAULT_PAIRS = 11
LEAST_PAIRS = 2  # one difference has no spread that it could be held against


def parse_confirm(place: Place, value: object) -> int:
    """The number of pairs; 0 for none."""
    if isinstance(value, bool):
        return DEFAULT_PAIRS if value else 0
    if isinstance(value, Mapping):
        only(place, value, ("seeds",))
        return parse_confirm(place.at("seeds"), value.get("seeds", True))
    return whole(place, value)
