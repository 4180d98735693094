"""When each line of a recorded trial was written, as far as its record tells."""

from __future__ import annotations

import math
import re
from bisect import bisect_right
from collections.abc import Iterator, Sequence

from cockpit.events.kinds import Attempt, Eval, Event, Step

_STEP_LINE = re.compile(rb"\bStep (\d+)\b")
_RESULT_LINE = b"[RESULT]"


def event_times(events: Sequence[Event], begin: float, end: float | None) -> list[float]:
    """A time for each event of one trial, ascending, from `begin` to `end`; None when the end is not known.

    Steps say how long after the beginning of their phase they came, evaluations how long they took, and a new attempt
    says when it began. Each attempt's last event is put at its end, because what takes long and leaves no event, such
    as building a model, comes first.
    """
    starts = [0, *(index for index, event in enumerate(events) if index and isinstance(event, Attempt))]
    bounds = [begin]
    for start in starts:
        at = event.at if start < len(events) and isinstance(event := events[start], Attempt) else begin
        bounds.append(min(max(at, bounds[-1]), math.inf if end is None else end))
    times: list[float] = []
    for number, start in enumerate(starts):
        is_last = number == len(starts) - 1
        following, over = (len(events), end) if is_last else (starts[number + 1], bounds[number + 2])
        times += _attempt_times(events[start:following], bounds[number + 1], over)
    return times


def _attempt_times(events: Sequence[Event], begin: float, end: float | None) -> list[float]:
    clock = list(_clock(events))
    took = clock[-1] if clock else 0.0
    if end is None:
        return [begin + seconds for seconds in clock]
    span = max(0.0, end - begin)
    if took <= 0.0:
        return [begin + span * index / len(events) for index in range(len(events))]
    if took > span:
        return [begin + seconds * span / took for seconds in clock]
    # What came before the first step came when the attempt began.
    return [begin if seconds == 0.0 else end - took + seconds for seconds in clock]


def _clock(events: Sequence[Event]) -> Iterator[float]:
    """Seconds since training began, never falling."""
    now = 0.0
    bases: dict[str, tuple[float, float]] = {}  # by phase: when its own clock was 0, and what that clock said last
    for event in events:
        if isinstance(event, Step | Eval) and event.time is not None and 0.0 <= event.time < math.inf:
            if isinstance(event, Eval):
                now += event.time
            else:
                base, last = bases.get(event.phase, (now, 0.0))
                base = now if event.time < last else base
                bases[event.phase] = (base, event.time)
                now = max(now, base + event.time)
        yield now


def output_times(lines: Sequence[bytes], events: Sequence[Event], times: Sequence[float], begin: float) -> list[float]:
    """A time for each printed line: that of the step or evaluation of which it speaks, or that of the line before.

    Where no line speaks of one, the lines are spread evenly over the events.
    """
    if not events:
        return [begin] * len(lines)
    found = list(_spoken_of(lines, events))
    if not any(found):
        found = [index * len(events) // len(lines) for index in range(len(lines))]
    return [times[index] for index in found]


def _spoken_of(lines: Sequence[bytes], events: Sequence[Event]) -> Iterator[int]:
    """For each line the place of its event, never falling."""
    places: dict[int | None, list[int]] = {}  # by step, and for None those of evaluations
    for index, event in enumerate(events):
        if isinstance(event, Step | Eval):
            places.setdefault(event.step if isinstance(event, Step) else None, []).append(index)
    place = -1
    for line in lines:
        match = _STEP_LINE.search(line)
        if match is not None or line.startswith(_RESULT_LINE):
            known = places.get(int(match[1][:18]) if match else None, [])
            later = bisect_right(known, place)
            place = known[later] if later < len(known) else place
        yield max(place, 0)
