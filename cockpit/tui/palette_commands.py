"""The command palette: what can be done at this moment, in words that say to what."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from textual.await_complete import AwaitComplete
from textual.command import CommandPalette, DiscoveryHit, Hit, Hits, Provider

from cockpit.tui.actions import EVERYWHERE, Action
from cockpit.tui.screens.base import CockpitScreen
from cockpit.tui.text import shown


class Palette(CommandPalette):
    """Textual's palette, which takes the second ⏎ of a quick hand for another choice."""

    def dismiss(self, result: None = None) -> AwaitComplete:
        return super().dismiss(result) if self.app.screen is self else AwaitComplete()


class MomentCommands(Provider):
    """The actions that fit the screen from which the palette was opened."""

    async def discover(self) -> Hits:
        for action, text in self._now():
            title = self._title(action, text)
            yield DiscoveryHit(shown(title), partial(self._run, action), text=title)

    async def search(self, query: str) -> Hits:
        matcher = self.matcher(query)
        for action, text in self._now():
            title = self._title(action, text)
            if (score := matcher.match(title)) > 0:
                yield Hit(score, shown(title), partial(self._run, action), text=title)

    def _now(self) -> Iterator[tuple[Action, str]]:
        """What belongs to the screen first, then what can be done everywhere."""
        if isinstance(self.screen, CockpitScreen):
            found = [each for each in self.screen.actions_now() if each[0].name != "palette"]
            yield from sorted(found, key=lambda each: EVERYWHERE in each[0].where)

    def _title(self, action: Action, text: str) -> str:
        assert isinstance(self.screen, CockpitScreen)
        return f"{text.rstrip('.')}  ({self.screen.cockpit.key_of(action)})"

    async def _run(self, action: Action) -> None:
        await self.app.run_action(action.name, self.screen)
