"""An optimizer as PyTorch prints it, which is a note: `AdamW (`, settings by parameter group, and `)`."""

from __future__ import annotations

import re

from cockpit.events.kinds import Note

_BEGIN = re.compile(r"(?:grad info: )?(\w{1,60}) \($")
_GROUP = re.compile(r"Parameter Group (\d{1,6})$")
_SETTING = re.compile(r"\s{4}(\w{1,60}): (\S.{0,200})$")
_MOST_SETTINGS = 400


class OptimizerBlocks:
    """Gathers the lines of a block. One that says the same as the one before it, as at every step, says nothing."""

    def __init__(self) -> None:
        self._words: list[str] | None = None
        self._told = ""

    def read(self, body: str) -> list[Note] | None:
        """The note that this line completes; None when it does not belong to an optimizer. `body` has its blanks."""
        if self._words is None:
            found = _BEGIN.match(body) if body.endswith("(") else None
            self._words = [f"{found[1]}:"] if found else None
            return [] if found else None
        group, setting = _GROUP.match(body), _SETTING.match(body)
        if body == ")":
            return self._note()
        if not (group or setting or not body.strip()):
            self._words = None  # it was something else, or was cut off
            return None
        if len(self._words) < _MOST_SETTINGS:
            self._words += [f"group {group[1]}:"] if group else [f"{setting[1]} {setting[2]}"] if setting else []
        return []

    def _note(self) -> list[Note]:
        words, self._words = self._words or [], None
        text = ", ".join(words).replace(":, ", ": ")
        if text == self._told or len(words) < 2:
            return []
        self._told = text
        return [Note(text=text)]
