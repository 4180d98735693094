"""How importers tell of what they did not take."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from cockpit.importers.contract import Unread

_MOST_NAMED = 8


def not_taken(key: str, counts: Counter[str]) -> Iterator[Unread]:
    """What of a run is no number, by what it is; nothing where there is none."""
    if counts:
        what = [f"{count} × {name}" for name, count in counts.most_common(_MOST_NAMED)]
        yield Unread(0, f"{key}: not taken, because they are no numbers: {', '.join(what)}")
