"""Takes secrets out of what trials print, and leaves every other byte as it is.

A program's output passes through here on its way to `output.log`. A trainer's goes there directly, from libraries
below Python too; what it should not have printed is then overwritten in place, so that whoever reads or ships the
file by its offsets goes on as before.
"""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from pathlib import Path

from cockpit.events.redaction import MARK, first_hint, secret_spans

MOST_HELD = 1 << 14  # bytes of a line that wait for its end
KEPT = 256  # bytes of an endless line that are remembered, because a secret may have begun there
BLOCK = 1 << 20
_OPEN_KEY = re.compile(r"-----BEGIN (?:[A-Z0-9]+ )*PRIVATE KEY-----(?!.*-----END )", re.DOTALL)


class Redactor:
    """Output as it comes, in pieces that may be cut anywhere.

    A line in which nothing hints at a secret passes at once, also before its end. From a hint on it waits for the end
    of the line, which is a newline or the carriage return of a progress bar; a private key waits for its last line.
    """

    def __init__(self) -> None:
        self._line = ""  # the current line, as Latin-1, so that a letter is a byte
        self._passed = 0  # how much of it has passed

    def feed(self, data: bytes) -> bytes:
        """What may be written of it, and of what waited."""
        text = self._line + data.decode("latin-1")
        ready = max(_ready(text), self._passed)
        out = _marked(text, secret_spans(text[:ready]), self._passed, ready)
        begin = min(_line_begin(text), _key_begin(text), ready)
        self._line, self._passed = text[begin:], ready - begin
        if self._passed > 4 * KEPT:
            self._line, self._passed = text[ready - KEPT :], KEPT
        return out.encode("latin-1")

    def rest(self) -> bytes:
        """What still waits, because nothing more comes."""
        out = _marked(self._line, secret_spans(self._line), self._passed, len(self._line))
        self._line, self._passed = "", 0
        return out.encode("latin-1")


class Masker:
    """Overwrites the secrets in a file that grows, each with a mark of the same length."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._offset = 0  # of the first line that was not complete
        self._size = 0

    def look(self, *, last: bool = False) -> None:
        """Mask what came since; a secret that may not be whole yet waits, unless it is the `last` look.

        Raises `OSError`, also where there is no file.
        """
        size = self._path.stat().st_size
        if size == self._size and not last:
            return
        self._offset = 0 if size < self._offset else self._offset
        self._size = size
        with self._path.open("rb+", buffering=0) as file:
            while self._mask_block(file.fileno(), last):
                pass

    def _mask_block(self, descriptor: int, last: bool) -> bool:
        """Whether more may follow."""
        text = os.pread(descriptor, BLOCK, self._offset).decode("latin-1")
        is_end = len(text) < BLOCK
        for begin, end in secret_spans(text):
            if end < len(text) or (is_end and last):
                os.pwrite(descriptor, MARK.ljust(end - begin)[: end - begin].encode(), self._offset + begin)
        moved = min(_line_begin(text), _key_begin(text))
        if not is_end and not moved:  # an endless line
            moved = len(text) - KEPT
        self._offset += moved
        return not is_end


def _line_begin(text: str) -> int:
    """Where the line begins that has no end yet."""
    return max(text.rfind("\n"), text.rfind("\r")) + 1


def _key_begin(text: str) -> int:
    """Where a private key begins that has no end yet; the length of the text where there is none."""
    found = _OPEN_KEY.search(text, max(0, len(text) - MOST_HELD))
    return len(text) if found is None else found.start()


def _ready(text: str) -> int:
    """How much of the text nothing that follows can turn into a part of a secret."""
    begin = _line_begin(text)
    hint = first_hint(text[begin:])
    ready = min(len(text) if hint < 0 else begin + hint, _key_begin(text))
    return ready if len(text) - ready <= MOST_HELD else len(text)


def _marked(text: str, spans: Sequence[tuple[int, int]], begin: int, end: int) -> str:
    """The text between two places; of a secret that had begun to pass before, the mark stands for what is left."""
    parts, place = [], begin
    for first, last in spans:
        if last > place:
            parts += [text[place : max(first, place)], MARK]
            place = last
    return "".join([*parts, text[place:end]])
