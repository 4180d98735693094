"""What became of each line of a log: so that whoever reads one can be told what was not understood."""

from __future__ import annotations

import re

_FREE_NUMBER = re.compile(r"(?<![A-Za-z0-9_])\d|\b(?:nan|inf)\b", re.IGNORECASE)
MOST_CHARACTERS = 400  # kept of a line


def has_number(text: str, start: int = 0) -> bool:
    """Whether a number stands in `text` from there on."""
    return _FREE_NUMBER.search(text, start) is not None


class Account:
    """Counts lines and keeps those with numbers that nothing understood, until they are taken away.

    A number is a digit that no letter stands before: `t10k` and `idx3` have none. What is drawn again in the same line
    counts as one line with what stands there in the end.
    """

    def __init__(self) -> None:
        self.lines = 0
        self.understood = 0
        self._unread: list[tuple[int, str]] = []

    def tell(self, text: str, understood: bool, redrawn: bool, prefix: int = 0) -> None:
        """A line, or a state of one, was read; its first `prefix` characters are a logger's."""
        if understood:
            self.understood += 1
        elif text and has_number(text, prefix):
            self._unread.append((self.lines + 1, text.strip()[:MOST_CHARACTERS]))
        self.lines += not redrawn

    def tell_many(self, lines: int, understood: bool, redrawn: bool = False) -> None:
        """So many lines, or states of one, all of which were understood, or have no number."""
        self.lines += 0 if redrawn else lines
        self.understood += lines if understood else 0

    def tell_unread(self, text: str) -> None:
        """A line with numbers that nothing understands."""
        self.lines += 1
        self._unread.append((self.lines, text.strip()[:MOST_CHARACTERS]))

    def take_unread(self) -> list[tuple[int, str]]:
        """The lines that were not understood since this was asked last, with their numbers from 1."""
        unread, self._unread = self._unread, []
        return unread
