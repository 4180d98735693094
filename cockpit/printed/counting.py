"""A reader that counts what it did not understand, for those who have to account for every line."""

from __future__ import annotations

from cockpit.printed.account import has_number
from cockpit.printed.reader import Found, PrintedReader
from cockpit.printed.reading import Reading


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
        self.unread += found is None and has_number(body)
        return found
