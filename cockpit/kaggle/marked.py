"""What a run at Kaggle tells through its log: lines with a mark before a JSON object, among whatever else is printed.

The first one is the receipt: what the run really got; a failure says in one line what became of it. Each line that the
run writes into a file of its record comes with the name of that file, so that the record can be put together here; see
`runner`.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

MARK = "@@cockpit "
RECEIPT, LINE, FAILURE, STOPPING = "receipt", "line", "failure", "stopping"


class Lines:
    """Whole lines of a log whose events are pieces of text: a line may come in several, and an event be several."""

    def __init__(self) -> None:
        self._rest = ""

    def feed(self, event: Mapping[str, Any]) -> Iterator[str]:
        """The lines that this event completes, without their ends."""
        text = self._rest + str(event.get("data") or "")
        *whole, self._rest = text.split("\n")
        yield from (line.rstrip("\r") for line in whole)

    def last(self) -> Iterator[str]:
        """The line that never ended, at the end of a log."""
        if self._rest:
            yield self._rest
        self._rest = ""


def parsed(line: str) -> Mapping[str, Any] | None:
    """The object of a marked line; None for all others."""
    if not line.startswith(MARK):
        return None
    try:
        said = json.loads(line[len(MARK) :])
    except (ValueError, RecursionError):
        return None
    return said if isinstance(said, dict) else None
