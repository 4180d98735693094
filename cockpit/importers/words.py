"""Words among the numbers of a run: its settings while they stay, something unread when they change."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any

from cockpit.importers.contract import Unread
from cockpit.importers.values import shown

_MOST = 20  # of one name that are told one by one


class Words:
    """What stands under names that hold no numbers."""

    def __init__(self) -> None:
        self._counts: Counter[str] = Counter()

    def changed(self, line: int, words: Mapping[str, Any], config: Mapping[str, Any]) -> Iterator[Unread]:
        """Those that are not what the run began with."""
        for name, word in words.items():
            if name not in config or config[name] != word:
                self._counts[name] += 1
                if self._counts[name] <= _MOST:
                    yield Unread(line, f"{name}: {shown(word)}")

    def rest(self) -> Iterator[Unread]:
        """How many there were beyond those that were told."""
        for name, count in self._counts.items():
            if count > _MOST:
                yield Unread(0, f"{name}: {count - _MOST} more that are no numbers")
