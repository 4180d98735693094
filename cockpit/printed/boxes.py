"""Boxes of one value a line, as reinforcement learning prints them (Stable-Baselines3, OpenAI's Baselines).

    ------------------------------------
    | rollout/            |            |
    |    ep_rew_mean      | 21.5       |
    | time/               |            |
    |    total_timesteps  | 4096       |
    ------------------------------------

All values of a box belong to one step, which may stand below them; so a box is read at its end.
"""

from __future__ import annotations

import re

from cockpit.events.kinds import Event, Note
from cockpit.events.text import one_line
from cockpit.printed.names import LONGEST_NAME, strength
from cockpit.printed.numbers import NUMBER, count
from cockpit.printed.reading import Reading

_RULE = re.compile(r"-{10,400}$")
_ROW = re.compile(
    rf"\|( {{1,8}})([A-Za-z][\w ./()@%-]{{0,{LONGEST_NAME}}}?) {{1,80}}\| {{1,80}}({NUMBER})? {{0,80}}\|$",
    re.IGNORECASE,
)
_STEPS = ("total_timesteps", "num_timesteps", "timesteps", "total timesteps", "totalenvinteracts")
_TIMES = ("time_elapsed", "time")
_NO_METRICS = ("fps", "iterations")
_MOST_ROWS = 200


def is_part(text: str) -> bool:
    """Whether the line may belong to a box."""
    return _RULE.match(text) is not None or _ROW.match(text) is not None


class Boxes:
    """Keeps the rows of the box that is being printed."""

    def __init__(self) -> None:
        self.is_open = False
        self._section = ""
        self._rows: list[tuple[str, float]] = []

    def read(self, text: str) -> Reading | list[Event] | None:
        """What a box says, at its end; an empty list for a row, None for a line that is not of a box."""
        if _RULE.match(text):
            rows, self._rows, self._section = self._rows, [], ""
            self.is_open = not rows
            return _reading(rows) if rows else None
        row = _ROW.match(text) if self.is_open else None
        if row is None or len(self._rows) >= _MOST_ROWS:
            self.is_open, self._rows = False, []
            return None
        self._add(len(row[1]), row[2], row[3])
        return []

    def _add(self, indent: int, name: str, value: str | None) -> None:
        if value is None or indent == 1:
            self._section = ""
        if value is None:
            self._section = name if name.endswith("/") else ""
        else:
            self._rows.append((one_line(self._section + name), float(value)))


def _reading(rows: list[tuple[str, float]]) -> Reading | list[Event]:
    facts = {name.rpartition("/")[2].lower(): value for name, value in rows}
    step = count(next((facts[name] for name in _STEPS if name in facts), None))
    places = (*_STEPS, *_TIMES, *_NO_METRICS)
    values = tuple((name, value) for name, value in rows if name.rpartition("/")[2].lower() not in places)
    if not values or (step is None and not any(strength(name) for name, _ in values)):
        return [Note(text=", ".join(f"{name} {value:g}" for name, value in rows))]
    time = next((facts[name] for name in _TIMES if name in facts), None)
    return Reading(form="box", values=values, step=step, time=time)
