"""`params info pg0: norm std(…) mean(…)` and `grad info pg0: …`: two lines that are one event."""

from __future__ import annotations

import re
from collections.abc import Sequence

from cockpit.events.kinds import Event, Norms
from cockpit.printed.numbers import NUMBER
from cockpit.printed.timeline import Timeline

_NORM = re.compile(rf"(params|grad) info (pg\d{{1,6}}): norm std\(({NUMBER})\) mean\(({NUMBER})\)$", re.IGNORECASE)
_MOST_GROUPS = 1000


def is_one(text: str) -> bool:
    """Whether it is a line of norms."""
    return _NORM.match(text) is not None


class NormLines:
    """Joins the two lines of a group. A line whose other half does not come is an event of its own."""

    def __init__(self, timeline: Timeline) -> None:
        self._timeline = timeline
        self._step = -1
        self._group = ""
        self._halves: dict[str, tuple[float, float]] = {}
        self._done: set[str] = set()

    def read(self, text: str) -> list[Norms] | None:
        """The norms that this line completes; None when it is no such line."""
        found = _NORM.match(text)
        if not found:
            return None
        half, group, std, mean = found.groups()
        return self.take(half, group, float(std), float(mean))

    @property
    def is_waiting(self) -> bool:
        """Whether the half of a group is there and the other is not."""
        return bool(self._halves)

    def takes_whole(self, group: str) -> bool:
        """Whether both halves of a group, if they follow each other, are an event here; they are noted as one then."""
        if self._halves:
            return False
        if self._step != self._timeline.now:
            self._step = self._timeline.now
            self._done.clear()
        if group in self._done:
            return False
        self._group = group
        if len(self._done) < _MOST_GROUPS:
            self._done.add(group)
        return True

    def took(self, groups: Sequence[str]) -> None:
        """Both halves of each of these groups, for the step that is reached now, have become events."""
        self._step, self._group = self._timeline.now, groups[-1]
        self._done = set(groups[:_MOST_GROUPS])

    def take(self, half: str, group: str, std: float, mean: float) -> list[Norms]:
        """The norms that this half, `params` or `grad`, completes."""
        events = [] if group == self._group else self.flush()
        if self._step != self._timeline.now:
            events += self.flush()
            self._step = self._timeline.now
            self._done.clear()
        if group in self._done:  # another worker's
            return events
        self._group = group
        self._halves.setdefault(half, (mean, std))
        return events + self.flush() if len(self._halves) == 2 else events

    def flush_before(self, events: list[Event]) -> list[Norms]:
        """The half that waits when something else has come."""
        return self.flush() if events and not any(isinstance(event, Norms) for event in events) else []

    def flush(self) -> list[Norms]:
        """The half that waits, as far as it is known."""
        if not self._halves:
            return []
        nan = (float("nan"),) * 2
        (param_mean, param_std), (grad_mean, grad_std) = self._halves.get("params", nan), self._halves.get("grad", nan)
        self._halves = {}
        if len(self._done) < _MOST_GROUPS:
            self._done.add(self._group)
        return [
            Norms(
                step=self._step, group=self._group, param_mean=param_mean, param_std=param_std,
                grad_mean=grad_mean, grad_std=grad_std,
            )
        ]  # fmt: skip
