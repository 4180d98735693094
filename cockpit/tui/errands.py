"""Commands that were sent to sweeps, until it is known what became of them."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import NamedTuple

from cockpit.engine.control import Command
from cockpit.store.life import LIVE
from cockpit.tui.snapshot import SweepView

SLOW_SECONDS = 10.0
_TONES = {"refused": "error", "done": "good"}


class Word(NamedTuple):
    """Something to tell the user, and in which tone."""

    text: str
    tone: str


@dataclass
class Errands:
    """What is under way, by the command's id."""

    _open: dict[str, tuple[str, Command]] = field(default_factory=dict)
    _said: dict[str, str] = field(default_factory=dict)

    def sent(self, experiment: str, command: Command) -> Word:
        """A command of this experiment is on its way."""
        self._open[command.id] = (experiment, command)
        return Word(f"{describe(command)}: on its way", "plain")

    def hear(self, view: SweepView) -> Iterator[Word]:
        """What this snapshot of an experiment says about its commands."""
        answers = {row.id: row for row in view.commands}
        for command_id, (experiment, command) in list(self._open.items()):
            if experiment != view.name:
                continue
            answer = answers.get(command_id)
            if answer is None:
                if view.sweep.status not in LIVE:
                    del self._open[command_id]
                    yield Word(f"{describe(command)}: the sweep ended before it heard of it", "warning")
                elif time.time() - command.at > SLOW_SECONDS and command_id not in self._said:
                    self._said[command_id] = "slow"
                    yield Word(f"{describe(command)}: no answer yet; the sweep may be busy", "warning")
            elif answer.state != self._said.get(command_id):
                self._said[command_id] = answer.state
                if answer.state != "accepted":
                    del self._open[command_id]
                text = answer.text or answer.state
                yield Word(f"{describe(command)}: {text}", _TONES.get(answer.state, "plain"))


def describe(command: Command) -> str:
    """`stop t003`, `set t003 lr=0.001`."""
    settings = " ".join(f"{name}={value}" for name, value in command.settings.items())
    return " ".join(filter(None, (command.name, command.trial or "the sweep", settings)))
