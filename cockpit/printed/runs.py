"""Where in a log one run ends and the next one begins.

A log may hold several: they were appended to one file, or one program trained several times. A new run begins with its
first value after
- a banner: `--- Starting trial: run-0`, `Fold 2/5`;
- a line that tells how another trial of a search ended;
- settings, printed once more, if the counters begin again with it too;
- an epoch that is the first one again: one of so many (`1/5`), or after two more than it, or after other lines;
- a table that begins with an epoch that was there, or below new settings.
A counter of steps that begins again is no new run: so do epochs and phases. Tuning and evaluations begin none.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from cockpit.events.kinds import Eval, Event, Step
from cockpit.events.text import one_line
from cockpit.printed import settings_lines
from cockpit.printed.reading import Reading

_STARTING = re.compile(
    r"[^\w\[]{0,20}(?:start|starting|started|beginning|launching|new)\s(?:a\s|the\s|new\s)?(?:training|run|trial|experiment|job)\b"
    r"[\s:#=-]{0,4}(?P<label>[\w][\w./=-]{0,60})?\W{0,20}$",
    re.IGNORECASE,
)
_NUMBERED = re.compile(
    r"[^\w\[]{0,20}(?P<what>run|trial|experiment|fold|seed)\s?[:#=]?\s?(?P<label>\d{1,6}|[\w.-]{1,60}(?<=\d))(?:\s?(?:/|of)\s?\d{1,6})?\W{0,20}$",
    re.IGNORECASE,
)
_NO_BANNER = re.compile(r"epoch|step|iter|batch|phase|stage|loop", re.IGNORECASE)
_LONGEST_BANNER = 160
_MOST_SETTINGS = 1000


class Runs:
    """Watches the lines of a log. `label` and `config` are what was said of the run that is being read."""

    def __init__(self) -> None:
        self.label = ""
        self.config: dict[str, Any] = {}
        self._next_label = ""
        self._next_config: dict[str, Any] = {}
        self._forget()

    def _forget(self) -> None:
        self._has_values = False
        self._banner = False
        self._between = False
        self._first_epoch: int | None = None
        self._epoch: int | None = None
        self._first_step: int | None = None
        self._step: int | None = None

    def says_something(self, text: str) -> bool:
        """Take note of a line without values; whether it is a banner or has settings."""
        self._between = True
        settings = settings_lines.read(text) if ":" in text or "=" in text else {}
        if settings:
            where = self._next_config if self._has_values else self.config
            if len(where) < _MOST_SETTINGS:
                where.update(settings)
            return True
        label = _banner(text)
        if label is None:
            return False
        self._banner = self._has_values
        if self._has_values:
            self._next_label, self._next_config = label, {}
        else:
            self.label = label or self.label
        return True

    def announce(self, label: str, config: Mapping[str, Any]) -> None:
        """The next values are of this run, which is the one that is being read if its label is the same."""
        if not self._has_values:
            self.label, self.config = label, dict(config)
        elif label != self.label:
            self._banner, self._next_label, self._next_config = True, label, dict(config)

    @staticmethod
    def would_say(text: str) -> bool:
        """Whether a line is a banner or has settings."""
        return bool(settings_lines.read(text)) or _banner(text) is not None

    def begins(self, found: Reading | list[Event] | None) -> bool:
        """Whether what was found is the first of another run; what is found then belongs to that one."""
        if isinstance(found, Reading):
            anew = self._has_values and self._is_anew(found)
            if anew:
                self._turn()
            self._note(found)
            return anew
        if found and any(isinstance(event, Step | Eval) for event in found):
            anew = self._banner and self._has_values
            if anew:
                self._turn()
            self._has_values = True
            return anew
        return False

    @property
    def is_settled(self) -> bool:
        """Whether nothing was said of another run."""
        return not (self._banner or self._next_config)

    def may_go_on(self, phase: str | None, epoch: int | None) -> bool:
        """Whether values of this phase and epoch are plainly of the same run."""
        return phase not in (None, "train") or epoch is None or self._epoch is None or epoch >= self._epoch

    def go_on(self, phase: str | None, epochs: tuple[int, int] | None, steps: tuple[int, int] | None) -> None:
        """Many values of the same run were read: of the first and the last of `epochs` and `steps`."""
        self._has_values = True
        if phase not in (None, "train"):
            return
        if epochs is not None:
            self._first_epoch = epochs[0] if self._first_epoch is None else self._first_epoch
            self._epoch, self._between = epochs[1], False
        if steps is not None:
            self._first_step = steps[0] if self._first_step is None else self._first_step
            self._step = steps[1]

    def pass_over(self) -> None:
        """Lines without values were read, neither banners nor settings."""
        self._between = True

    def _turn(self) -> None:
        self.label, self.config = self._next_label, self._next_config
        self._next_label, self._next_config = "", {}
        self._forget()

    def _is_anew(self, reading: Reading) -> bool:
        if reading.form == "trial":
            return self._banner
        if reading.phase not in (None, "train") or not (reading.values or reading.epoch is not None):
            return False
        if self._banner and reading.values:
            return True
        if reading.form == "table_first":
            seen = reading.epoch is not None and self._epoch is not None and reading.epoch <= self._epoch
            return seen or bool(self._next_config)
        if self._next_config and reading.values and self._restarts(reading):
            return True
        return self._is_first_epoch_again(reading)

    def _restarts(self, reading: Reading) -> bool:
        if reading.epoch is not None and self._epoch is not None:
            return reading.epoch <= (self._first_epoch or 0)
        if reading.step is not None and self._step is not None:
            return reading.step <= (self._first_step or 0)
        return True

    def _is_first_epoch_again(self, reading: Reading) -> bool:
        if reading.epoch is None or self._epoch is None or self._first_epoch is None:
            return False
        if reading.epoch > self._first_epoch or reading.epoch >= self._epoch or reading.epoch > 1:
            return False
        return reading.from_one or self._between or self._epoch - self._first_epoch >= 2

    def _note(self, reading: Reading) -> None:
        if reading.values:
            self._has_values = True
        if reading.phase not in (None, "train") or (reading.kind == "eval" and reading.phase is None):
            return
        if reading.epoch is not None:
            if self._first_epoch is None:
                self._first_epoch = reading.epoch
            self._epoch = reading.epoch
            self._between = False
        if reading.step is not None:
            if self._first_step is None:
                self._first_step = reading.step
            self._step = reading.step


def _banner(text: str) -> str | None:
    """The label in a banner, maybe an empty one; None for a line that is none."""
    text = text.strip()
    if len(text) > _LONGEST_BANNER or _NO_BANNER.search(text):
        return None
    found = _STARTING.match(text)
    if found:
        return one_line(found["label"] or "").strip(".:- ")
    found = _NUMBERED.match(text)
    if not found:
        return None
    label = found["label"]
    return one_line(f"{found['what'].lower()} {label}" if label.isdigit() else label)
