"""Which card a process takes, and that no two take the same."""

from __future__ import annotations

import pytest

from trainers.contract import InputError
from trainers.devices.cards import card_of, check_cards
from trainers.devices.team import Place


def at(local_rank: int) -> Place:
    return Place(rank=local_rank + 4, local_rank=local_rank, size=8, host="127.0.0.1", port=4242)


def test_each_process_takes_the_card_of_its_number_on_the_machine() -> None:
    assert [card_of(at(number), 4) for number in range(4)] == [0, 1, 2, 3]


def test_a_process_takes_the_only_card_that_it_sees() -> None:
    assert card_of(None, 4) == card_of(at(3), 1) == 0


def test_more_processes_than_cards_are_refused_in_one_line() -> None:
    with pytest.raises(
        InputError, match=r"^process 6 finds no card: 2 are visible and it is number 2 .*; start as many"
    ):
        card_of(at(2), 2)


def test_two_processes_on_one_card_are_refused() -> None:
    check_cards(["here GPU-a", "here GPU-b", "there GPU-a"])
    with pytest.raises(InputError, match=r"^processes 0 and 2 are on the same card; start as many"):
        check_cards(["here GPU-a", "here GPU-b", "here GPU-a"])
