"""The searches that can be started, the one that is being looked at, and everything that is known of it."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from textual.message_pump import MessagePump

from cockpit.search.errors import SearchError
from cockpit.search.spec import Search
from cockpit.tui.launch.choices import Choice
from cockpit.tui.launch.command import Command, command_of
from cockpit.tui.launch.draft import Draft
from cockpit.tui.launch.plan import Plan
from cockpit.tui.launch.plan_check import PlanCheck
from cockpit.tui.launch.problem import Problem, problem_in, problem_of


class Desk:
    """Holds a draft for each search, so that changes stay while another one is looked at.

    What is wrong with the chosen draft in itself is in `problem` at once; what its trainer, its data and this machine
    say comes later, told by `on_news`. `owner` lends its timers.
    """

    def __init__(self, owner: MessagePump, on_news: Callable[[], object]) -> None:
        self.choices: tuple[Choice, ...] = ()
        self.chosen = ""
        self.search: Search | None = None
        """What the draft says; of a wrong one, what it said last."""
        self.command: Command | None = None
        """What starts it; None while something is wrong with the draft in itself."""
        self.plan: Plan | None = None
        """The newest plan of this search, be it of this draft or of one before it."""
        self.problem: Problem | None = None
        self._drafts: dict[str, Draft] = {}
        self._on_news = on_news
        self._check = PlanCheck(owner, self._hear)

    def close(self) -> None:
        """Nothing is checked any more."""
        self._check.close()

    @property
    def draft(self) -> Draft | None:
        """The chosen search with its changes; None for one that cannot be read."""
        return self._drafts.get(self.chosen)

    @property
    def broken(self) -> str:
        """Why the chosen search cannot be read; empty for one that can."""
        return next((choice.error for choice in self.choices if choice.name == self.chosen), "")

    @property
    def changed(self) -> list[str]:
        """The names of the searches that are no longer as in their files."""
        return [name for name, draft in self._drafts.items() if draft.is_changed]

    @property
    def is_checked(self) -> bool:
        """Whether the answer to the whole check is there."""
        return self._check.answer is not None

    @property
    def waited(self) -> int | None:
        """Seconds for which the check has been awaited; None when there is nothing to say about that."""
        return self._check.seconds

    def take(self, found: tuple[Choice, ...], anew: str = "") -> list[str]:
        """The searches were read again. Changes stay, but those to `anew` and to files that are other ones now.

        The names of the latter are returned.
        """
        read = {choice.name: choice.draft for choice in found if choice.draft is not None}
        kept = {name: draft for name, draft in self._kept(read) if name != anew}
        lost = [name for name in self.changed if name in read and name not in kept and name != anew]
        self.choices, self._drafts = found, read | kept
        self._begin()
        return lost

    def _kept(self, read: dict[str, Draft]) -> Iterator[tuple[str, Draft]]:
        for name, draft in self._drafts.items():
            if name in read and draft.original == read[name].original:
                yield name, draft

    def choose(self, name: str) -> None:
        """Look at another search."""
        if name != self.chosen:
            self.chosen, self.plan, self.search = name, None, None
            self._begin()

    def change(self, draft: Draft) -> None:
        """Put another draft of the chosen search in place of the one before."""
        self._drafts[self.chosen] = draft
        self._begin()

    def fail(self, message: str) -> bool:
        """The start was refused with this line. True when it names a spot, which then is marked."""
        found = problem_in(message, self.draft) if self.draft is not None else None
        if found is None or found.spot is None:
            return False
        self.problem = found
        return True

    def ask_again(self) -> None:
        """Repeat the whole check: what was wrong may have been mended elsewhere."""
        if self.command is not None:
            self._check.ask(self.command)

    def _begin(self) -> None:
        """Find out what the draft means, and have it checked as a whole unless that has been done."""
        draft, before = self.draft, self.command
        self.problem = self.command = None
        if draft is not None:
            try:
                self.search, self.command = draft.search(), command_of(draft)
            except SearchError as error:
                self.problem = problem_of(error, draft)
        if self.command is None:
            self._check.forget()
        elif self.command != before or self._check.is_idle:
            self._check.ask(self.command)
        else:
            self._use_answer()

    def _hear(self) -> None:
        self._use_answer()
        self._on_news()

    def _use_answer(self) -> None:
        answer, draft = self._check.answer, self.draft
        if answer is not None and draft is not None:
            self.plan = answer.plan or self.plan
            self.problem = problem_in(answer.error, draft) if answer.plan is None else None
