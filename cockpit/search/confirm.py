"""How often winner and baseline run again at the end: `confirm: 5`, `confirm: {seeds: 5}`, or `confirm: true`."""

from __future__ import annotations

from collections.abc import Mapping

from cockpit.search.errors import Place
from cockpit.search.values import only, whole

# The least number of pairs with which a paired t-test on the level of 5 % sees a difference of 1.5 standard deviations
# of a single run in four of five cases. Two runs differ by sqrt(2) times that deviation, so the effect is 1.06 of the
# differences' own; power 0.79 with 9 pairs, 0.84 with 10 (noncentral t; `python -m tests.bench --only verdicts`).
DEFAULT_PAIRS = 10
LEAST_PAIRS = 2  # one difference has no spread that it could be held against


def parse_confirm(place: Place, value: object) -> int:
    """The number of pairs; 0 for none."""
    if isinstance(value, bool):
        return DEFAULT_PAIRS if value else 0
    if isinstance(value, Mapping):
        only(place, value, ("seeds",))
        return parse_confirm(place.at("seeds"), value.get("seeds", True))
    return whole(place, value)
