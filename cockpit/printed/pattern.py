"""The user's own regular expression.

Python's expressions go back to try again, and some of them do so for longer than the sun will burn. Three things bound
the time: expressions in which a repetition stands inside a repetition (`(\\w+\\s*)+`) are refused, what remains takes
a power of the length of a line; lines are cut to `LONGEST` characters; and a longer line is searched piece by piece,
each half as long again as the one before, and given up when a piece took more than `SECONDS` of processor time. After
`MOST_SLOW` such lines only pieces of the length that went well are searched. So five wild cards in a row cost some
tenths of a second three times, and then nothing.
"""

from __future__ import annotations

import re
import time
import warnings
from collections.abc import Iterator
from re import _constants as codes  # type: ignore[attr-defined]
from re import _parser as parser  # type: ignore[attr-defined]
from typing import Any

from cockpit.events.text import one_line
from cockpit.printed.names import LONGEST_NAME, phase_of
from cockpit.printed.numbers import count, number
from cockpit.printed.reading import Reading

LONGEST = 1024  # characters of a line that are searched
SECONDS = 0.02
MOST_SLOW = 3
MOST_PAIRS = 64  # of one line
_SHORTEST = 32
_FEW = 4  # repeating something so often is no danger

_REPEATS = (codes.MAX_REPEAT, codes.MIN_REPEAT)
_PLACES = ("step", "epoch", "phase")


class PatternError(ValueError):
    """The expression cannot be used. The message is one line: what is wrong, and where."""


def check_pattern(text: str) -> None:
    """Raise `PatternError` if `text` is no expression that says something and comes to an end."""
    Pattern(text)


class Pattern:
    """Searches lines. Groups `step`, `epoch` and `phase` say where, `key` with `value` or any other group say what."""

    def __init__(self, text: str) -> None:
        self._expression = _compiled(text)
        groups = self._expression.groupindex
        if not groups:
            raise PatternError("the pattern names no group: write (?P<loss>...) around the number of the loss")
        if ("key" in groups) != ("value" in groups):
            raise PatternError("the pattern has only one of (?P<key>...) and (?P<value>...): both are needed")
        self._pairs = "key" in groups
        self._reach = LONGEST
        self._slow = 0

    @property
    def is_slow(self) -> bool:
        """Whether lines are no longer searched to their end."""
        return self._slow >= MOST_SLOW

    def read(self, text: str, prefix: int = 0, foreign: bool = False) -> Reading | None:
        """The values in a line; the first `prefix` characters are what a launcher or a logger put before it.

        The rest is searched first, then the whole. A line of a `foreign` rank counts only if the expression itself
        takes up the prefix, since then it was no rank.
        """
        if not foreign:
            found = self._search(text[prefix:])
            if found or not prefix:
                return self._reading(found)
        found = self._search(text)
        return self._reading(found) if found and (not foreign or found[0].start() < prefix) else None

    def _search(self, text: str) -> list[re.Match[str]]:
        text = text[: self._reach]
        size = _SHORTEST
        while size < len(text):
            began = time.thread_time()
            self._expression.search(text[:size])
            if time.thread_time() - began > SECONDS:
                self._slow += 1
                if self.is_slow:
                    self._reach = max(size * 2 // 3, _SHORTEST // 2)
                return []
            size += size // 2
        found: list[re.Match[str]] = []
        for match in self._expression.finditer(text):
            found.append(match)
            if not self._pairs or len(found) == MOST_PAIRS:
                break
        return found

    def _reading(self, found: list[re.Match[str]]) -> Reading | None:
        if not found:
            return None
        places = {
            name: value for match in found for name, value in match.groupdict().items() if name in _PLACES and value
        }
        values = tuple(pair for match in found for pair in self._values(match))
        phase = phase_of(one_line(places["phase"])[:LONGEST_NAME]) if "phase" in places else None
        if not values and not places:
            return None
        return Reading(
            form="pattern", values=values, phase=phase, step=count(places.get("step")), epoch=count(places.get("epoch"))
        )  # fmt: skip

    def _values(self, match: re.Match[str]) -> Iterator[tuple[str, float]]:
        groups = match.groupdict()
        if self._pairs:
            key, value = groups.pop("key"), groups.pop("value")
            groups[key or ""] = value
        for name, text in groups.items():
            found = number(text) if text and name not in _PLACES else None
            name = one_line(name)[:LONGEST_NAME]
            if found is not None and name:
                yield name, found


def _compiled(text: str) -> re.Pattern[str]:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of what other versions of Python may read differently
            expression = re.compile(text)
            tree = parser.parse(text)
    except re.error as error:
        where = "" if error.pos is None else f" at character {error.pos + 1}"
        raise PatternError(f"not a regular expression: {error.msg}{where}") from None
    except (RecursionError, OverflowError, MemoryError):
        raise PatternError("not a regular expression: too large") from None
    if _is_endless(tree, repeated=False):
        raise PatternError(
            "a repetition or a choice inside a repetition, as in (a+)+, may take for ever: leave out the outer one"
        )
    return expression


def _is_endless(node: Any, repeated: bool) -> bool:
    """Whether something of no fixed shape stands in what is repeated, which makes the ways to match it countless."""
    for code, argument in node:
        if code in _REPEATS:
            low, high, body = argument
            if (repeated and low != high) or _is_endless(body, repeated or high > _FEW):
                return True
        elif code is codes.BRANCH:
            if repeated or any(_is_endless(branch, repeated) for branch in argument[1]):
                return True
        elif any(_is_endless(inner, repeated) for inner in _inside(argument)):
            return True
    return False


def _inside(argument: Any) -> Iterator[Any]:
    """The expressions inside a group, an assertion or a condition."""
    if isinstance(argument, parser.SubPattern):
        yield argument
    elif isinstance(argument, tuple | list):
        for part in argument:
            yield from _inside(part)
