"""The whole check of a command, by a process of its own that may import trainers."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from textual.message_pump import MessagePump
from textual.timer import Timer

from cockpit.engine.spawn import Asked, ask
from cockpit.tui.launch.command import Command
from cockpit.tui.launch.plan import Plan

STILL_SECONDS = 0.4  # without another change before the question is asked
LOOK_SECONDS = 0.1  # between two looks for the answer
PATIENCE = 0.3  # seconds that pass without a word


class Answer(NamedTuple):
    """A plan, or the one line that says why there is none."""

    plan: Plan | None
    error: str = ""


class PlanCheck:
    """Asks about the newest command only; the process of an older question is ended.

    `on_news` is called when `answer` or `seconds` have changed. No timer runs while nothing is asked.
    """

    def __init__(self, owner: MessagePump, on_news: Callable[[], object]) -> None:
        self._owner, self._on_news = owner, on_news
        self._folder: tempfile.TemporaryDirectory[str] | None = None
        self._asked: Asked | None = None
        self._timer: Timer | None = None
        self._began = 0.0
        self.answer: Answer | None = None
        """What is known of the newest command; None until it is."""
        self.seconds: int | None = None
        """How long the answer has been awaited, as soon as that is worth a word."""

    @property
    def is_idle(self) -> bool:
        """Whether nothing is asked and nothing is known."""
        return self._timer is None and self.answer is None

    def ask(self, command: Command) -> None:
        """Check this one, once nothing else has been asked for a moment."""
        self.forget()
        self._timer = self._owner.set_timer(STILL_SECONDS, lambda: self._begin(command))

    def forget(self) -> None:
        """Nothing is asked any more."""
        if self._timer is not None:
            self._timer.stop()
        if self._asked is not None:
            self._asked.close()
        self._timer = self._asked = self.answer = self.seconds = None

    def close(self) -> None:
        """End what runs and remove what was written."""
        self.forget()
        if self._folder is not None:
            self._folder.cleanup()
            self._folder = None

    def _begin(self, command: Command) -> None:
        try:
            self._folder = self._folder or tempfile.TemporaryDirectory(prefix="cockpit-")
            arguments = command.arguments(Path(self._folder.name) / "draft.yaml")
        except OSError as error:
            self.answer = Answer(None, f"the search cannot be written for its check: {error}; make room there")
            self._on_news()
            return
        self._asked = ask(["sweep", *arguments, "--dry-run", "--no-measure", "--json"])
        self._began = time.monotonic()
        self._timer = self._owner.set_interval(LOOK_SECONDS, self._look)

    def _look(self) -> None:
        if self._asked is None:
            return
        document, error = self._asked.result(), self._asked.error
        waited = time.monotonic() - self._began
        if document is None and not error:
            seconds = int(waited) if waited >= PATIENCE else None
            if seconds != self.seconds:
                self.seconds = seconds
                self._on_news()
            return
        self.forget()
        self.answer = Answer(None, error) if document is None else Answer(Plan.of(document))
        self._on_news()
