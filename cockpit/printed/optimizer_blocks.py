"""An optimizer as PyTorch prints it, which is a note: `AdamW (`, settings by parameter group, and `)`."""

from __future__ import annotations

import re

from cockpit.events.kinds import Note

_BEGIN = re.compile(r"(?:grad info: )?(\w{1,60}) \($")
_GROUP = re.compile(r"Parameter Group (\d{1,6})$")
_SETTING = re.compile(r"\s{4}(\w{1,60}): (\S.{0,200})$")
_MOST_WORDS = 400


class OptimizerBlocks:
    """Gathers the lines of a block. One that says the same as the one before it, as at every step, says nothing."""

    def __init__(self) -> None:
        self._words: list[str] = []
        self._told = ""

    def read(self, body: str) -> list[Note]:
        """The note that this line, one that is skipped for its values, completes. `body` has its leading blanks."""
        begin, group, setting = _BEGIN.match(body), _GROUP.match(body), _SETTING.match(body)
        if begin:
            self._words = [f"{begin[1]}:"]
        elif self._words and body == ")":
            return self._note()
        elif self._words and (group or setting) and len(self._words) < _MOST_WORDS:
            self._words += [f"group {group[1]}:"] if group else [f"{setting[1]} {setting[2]}"] if setting else []
        return []

    def _note(self) -> list[Note]:
        words, self._words = self._words, []
        text = ", ".join(words).replace(":, ", ": ")
        if text == self._told or len(words) < 2:
            return []
        self._told = text
        return [Note(text=text)]
