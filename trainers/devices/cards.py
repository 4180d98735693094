"""One card for each process: whether there are enough, and whether no two have taken the same."""

from __future__ import annotations

from collections.abc import Sequence

from trainers.contract import InputError
from trainers.devices.team import Place

_WAY_OUT = "start as many processes as there are cards, or use --device cpu"


def card_of(place: Place | None, cards: int) -> int:
    """The number of this process's card among those that it sees. Raises `InputError` where there is none for it.

    A process that sees one card takes it: whoever started it may have given each process a card of its own.
    """
    if place is None or cards <= 1:
        return 0
    if place.local_rank >= cards:
        raise InputError(f"process {place.rank} finds no card: {cards} are visible and it is number {place.local_rank} "
                         f"on this machine, counted from 0; {_WAY_OUT}")  # fmt: skip
    return place.local_rank


def check_cards(cards: Sequence[str]) -> None:
    """Takes what each process's card is called in the world. Raises `InputError` where two have the same."""
    first: dict[str, int] = {}
    for rank, card in enumerate(cards):
        if first.setdefault(card, rank) != rank:
            raise InputError(f"processes {first[card]} and {rank} are on the same card; {_WAY_OUT}")
