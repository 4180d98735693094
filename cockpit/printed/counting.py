"""A reader that counts what it did not understand, for those who have to account for every line."""

from __future__ import annotations

import re

from cockpit.printed.reader import Found, PrintedReader
from cockpit.printed.reading import Reading

_FREE_NUMBER = re.compile(r"(?<![A-Za-z0-9_])\d|\b(?:nan|inf)\b", re.IGNORECASE)


class CountingReader(PrintedReader):
    """`unread` counts the lines with a number in which nothing was read; a digit in a word is no number.

    `zero_based` says that epochs are known to count from 0, whatever the format.
    """

    def __init__(self, metric: str = "", *, zero_based: bool = False) -> None:
        super().__init__(metric)
        self.unread = 0
        if zero_based:
            self._timeline.enter(Reading(form="", epoch=0, from_one=True))

    def _read(self, body: str) -> Found:
        found = super()._read(body)
        self.unread += found is None and _FREE_NUMBER.search(body) is not None
        return found
