"""What is wrong with a filter line."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches

LONGEST_SHOWN = 24


class FilterError(Exception):
    """A line is no filter. The message is one line for people; `position` counts characters from 0.

    `incomplete` says that more typing may make the line good, so that a preview can keep the last good filter.
    """

    def __init__(self, problem: str, position: int, *, incomplete: bool = False) -> None:
        super().__init__(problem)
        self.position, self.incomplete = position, incomplete


def unknown_field(name: str, known: Iterable[str], position: int) -> FilterError:
    """The error for a field that no row has, with the closest one that they have."""
    found = get_close_matches(name.casefold(), list(known), n=1, cutoff=0.6)
    hint = f" (did you mean {found[0]}?)" if found else ""
    return FilterError(f"unknown field {shown(name)}{hint}", position)


def shown(text: str) -> str:
    """A piece of the line as it can stand in a message."""
    text = "".join(character if character.isprintable() else " " for character in text)
    return text if len(text) <= LONGEST_SHOWN else f"{text[: LONGEST_SHOWN - 1]}…"
