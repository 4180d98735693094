"""Text logs of no known kind, by their repeating shapes: lines that differ in their numbers only.

A shape that comes at least three times, with numbers that change, is a row of values, each called by the word before
it. The number that a counter's word stands before, or else the first that only grows, is the step.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from cockpit.printed.fast_reader import FastReader
from cockpit.printed.names import LONGEST_NAME, PHASE_WORD, phase_of
from cockpit.printed.numbers import NUMBER, count
from cockpit.printed.pairs import STEP_NAMES
from cockpit.printed.reader import Found
from cockpit.printed.reading import Reading

FEWEST = 3
LONGEST = 1024  # characters of a line that are looked at
_MOST_SHAPES = 2000
_MOST_NUMBERS = 64
_TOKEN = re.compile(rf"(?<![\w.]){NUMBER}", re.IGNORECASE)
_WORD = re.compile(r"[A-Za-z_][\w@/%-]*")
_PHASE = re.compile(rf"\b({PHASE_WORD})\b", re.IGNORECASE)
_STEPS = STEP_NAMES | {"t", "i", "it", "update", "round", "generation", "episode"}


@dataclass(slots=True)
class _Shape:
    """Lines of one shape, as far as they have come."""

    count: int = 0
    last: list[float] = field(default_factory=list)
    changes: bool = False
    grows: list[bool] = field(default_factory=list)

    def add(self, numbers: list[float]) -> None:
        self.count += 1
        if self.last:
            self.changes = self.changes or numbers != self.last
            pairs = zip(self.grows, numbers, self.last, strict=True)
            self.grows = [grows and new > last for grows, new, last in pairs]
        else:
            self.grows = [count(value) == value for value in numbers]
        self.last = numbers


class Shapes:
    """Knows the shapes of the lines that it was shown."""

    def __init__(self) -> None:
        self._shapes: dict[str, _Shape] = {}

    @property
    def found(self) -> bool:
        """Whether there is anything to tell."""
        return any(map(_says_something, self._shapes.values()))

    def look(self, text: str) -> None:
        """Take note of a line without its prefixes."""
        shape, _, numbers = _split(text)
        if not numbers or len(numbers) > _MOST_NUMBERS:
            return
        if shape in self._shapes or len(self._shapes) < _MOST_SHAPES:
            self._shapes.setdefault(shape, _Shape()).add(numbers)

    def read(self, text: str) -> Reading | None:
        """What a line says; None for one whose shape says nothing, or not yet."""
        shape, names, numbers = _split(text)
        known = self._shapes.get(shape)
        if known is None or not _says_something(known) or not names:
            return None
        step = _step_of(names, known.grows)
        phase = _PHASE.search(text)
        pairs = enumerate(zip(names, numbers, strict=True))
        return Reading(
            form="shape",
            values=tuple(pair for place, pair in pairs if place != step and pair[0] != "epoch"),
            phase=phase_of(phase[1]) if phase else None,
            step=None if step is None else count(numbers[step]),
            epoch=count(numbers[names.index("epoch")]) if "epoch" in names else None,
        )


class ShapesReader(FastReader):
    """Reads a whole log by shapes alone. One that was not seen before is told as unread until it has come again."""

    def __init__(self, shapes: Shapes, metric: str) -> None:
        super().__init__(metric)
        self._shapes = shapes

    def _read(self, body: str) -> Found:
        text = body.strip()
        found = self._shapes.read(text)
        if found is None:
            self._shapes.look(text)
        return found

    def _parse(self, body: str) -> Found:
        # What has not come often enough may say something the next time.
        return self._shapes.read(body.strip()) or []


def _says_something(shape: _Shape) -> bool:
    return shape.count >= FEWEST and shape.changes


def _step_of(names: list[str], grows: list[bool]) -> int | None:
    """Which of the numbers is the step."""
    for number, name in enumerate(names):
        if name in _STEPS:
            return number
    return next((number for number, grown in enumerate(grows) if grown and names[number] != "epoch"), None)


def _split(text: str) -> tuple[str, list[str], list[float]]:
    """The shape of a line, and its numbers with their names."""
    text = text[:LONGEST]
    shape: list[str] = []
    names: list[str] = []
    numbers: list[float] = []
    end = 0
    for token in _TOKEN.finditer(text):
        before = text[end : token.start()]
        shape.append(before)
        names.append(_name(before, names))
        numbers.append(float(token[0]))
        end = token.end()
    shape.append(text[end:])
    return "#".join(shape), names, numbers


def _name(before: str, names: list[str]) -> str:
    words = _WORD.findall(before)
    name = words[-1].lower()[:LONGEST_NAME] if words else (names[-1] if names else "value")
    if name not in names:
        return name
    number = 2
    while f"{name}_{number}" in names:
        number += 1
    return f"{name}_{number}"
