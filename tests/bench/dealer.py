"""Deals turns to processes, one at a time, so that what disturbs the machine for a while disturbs all of them.

Each process is one of `player`, and the ratio of two neighbouring turns stays what it is.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TypeVar

from .child import ChildFailedError
from .player import Player

WARM_UP = 1  # turns of each process that do not count: memory is allocated and kernels are chosen in them

Answer = TypeVar("Answer")


class Dealer:
    """Deals `rounds` turns that count to each process, in the order in which the processes are named.

    `found` has the seconds that it answered, turn by turn, of each that took all its turns, by what they are of;
    `errors` has the last line of what each of the others said.
    """

    def __init__(self, rounds: int) -> None:
        self.found: dict[str, dict[str, list[float]]] = {}
        self.errors: dict[str, str] = {}
        self._rounds = rounds
        self._players: dict[str, Player] = {}  # those that are still in

    def run(self, commands: Mapping[str, Sequence[str]], folder: Path) -> None:
        """Start all commands at once, each with a folder of its name in `folder`; none is left when this returns."""
        started: list[Player] = []
        try:
            for name, command in commands.items():
                home = folder / name
                home.mkdir()
                self._players[name] = Player(command, home)
                started.append(self._players[name])
            self._deal()
        finally:
            for player in started:
                player.close()

    def _deal(self) -> None:
        # Those that still import would slow down whoever has the first turn.
        self._from_each(Player.ready)
        for _ in range(WARM_UP):
            self._from_each(Player.turn)
        rounds = [self._from_each(Player.turn) for _ in range(self._rounds)]
        for name in self._players:
            self.found[name] = {key: [answers[name][key] for answers in rounds] for key in rounds[0][name]}

    def _from_each(self, hear: Callable[[Player], Answer]) -> dict[str, Answer]:
        """What each says, one after the other. Those that fail are out."""
        answers = {}
        for name, player in list(self._players.items()):
            try:
                answers[name] = hear(player)
            except ChildFailedError as error:
                self.errors[name] = str(error)
                del self._players[name]
        return answers
