"""`bs [8, 12, 16] -> CV: 0.81 - 0.82 - 0.83`: one line that tells of several runs."""

from __future__ import annotations

import re
from dataclasses import dataclass

from cockpit.importers.notes.measured import value_of
from cockpit.importers.notes.settings import named_value

_SWEPT = re.compile(
    r"(?P<name>[A-Za-z_][\w.]{0,60}(?: (?:size|rate))?)\s*(?:を|は|[:=])?\s*\[(?P<values>[^\[\]]{1,300})\]"
    r"\s*(?:で|->|→|⇒|=+>|:)?\s*(?P<what>cv|lb|public lb|score|スコア)?\s*(?:は|[:=]|->|→)?\s*\[?\s*"
    r"(?P<results>[^\[\]()!]{3,300})",
    re.IGNORECASE,
)
_RESULT = r"(?:0?\.0?\.|0?\.|1\.)\d{2,8}"
_MISSING = r"(?:[-–—?x]|n/?a|なし|だめ)"
_SEPARATOR = r"\s*(?:\s[-–—]\s|[/,、|]|\s->\s|→)\s*"
_RESULTS = re.compile(rf"{_RESULT}(?:{_SEPARATOR}(?:{_RESULT}|{_MISSING}(?!\d)))+", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Swept:
    """One value of the list and what came of it; None where the author put a dash.

    `spoken` and `text` are the setting and the value as they are written.
    """

    name: str
    value: object
    spoken: str
    text: str
    result: float | None
    is_lb: bool


def swept(text: str) -> list[Swept]:
    """The runs that a line tells of; none where it tells of no list, or where the two lists differ in length."""
    found = _SWEPT.search(text)
    results = _RESULTS.match(found["results"]) if found else None
    if found is None or results is None:
        return []
    values = [value.strip(" '\"") for value in re.split(r"[,、]", found["values"]) if value.strip()]
    numbers = [part for part in re.split(_SEPARATOR, results[0]) if part]
    if len(values) != len(numbers):
        return []
    is_lb = (found["what"] or "").lower().endswith("lb")
    pairs = [named_value(found["name"], value) for value in values]
    return [
        Swept(name, value, found["name"], text, value_of(number) if number[-1].isdigit() else None, is_lb)
        for (name, value), text, number in zip(pairs, values, numbers, strict=True)
    ]


def is_sweep(text: str) -> bool:
    """Whether the line tells of a list of values and of results, understood or not."""
    found = _SWEPT.search(text)
    return found is not None and re.match(_RESULT, found["results"]) is not None
