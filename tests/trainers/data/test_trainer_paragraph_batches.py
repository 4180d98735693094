from __future__ import annotations

import threading
from collections.abc import Iterator
from itertools import pairwise
from typing import Any

import pytest
import torch

from trainers.contract import InputError
from trainers.data.batches import Batch
from trainers.data.corpus import Paragraph
from trainers.data.paragraph_batches import ParagraphBatches
from trainers.data.prefetch import made_ahead
from trainers.data.word_batches import WordBatches
from trainers.data.word_features import WordFeatures
from trainers.devices.team import Team


def words(length: int = 6) -> WordBatches:
    return WordBatches(WordFeatures(features=64), length)


def paragraph(number: int, sentences: int) -> Paragraph:
    return Paragraph("a.txt", tuple(f"p{number} s{sentence}" for sentence in range(sentences)))


def read(batch: Batch, features: WordFeatures, known: list[str]) -> list[list[str]]:
    """The words of each sentence, found again by their features."""
    by_features = {features([word])[0].tobytes(): word for word in known}
    table = batch["words"].numpy()
    return [[by_features[table[place].tobytes()] for place in row if place] for row in batch["places"].tolist()]


def batches(sizes: list[int], batch_size: int, seed: int = 0, team: Team | None = None) -> ParagraphBatches:
    order = torch.Generator().manual_seed(seed)
    given = [paragraph(number, size) for number, size in enumerate(sizes)]
    return ParagraphBatches(given, batch_size, order, words(), team)


def same(one: list[Batch], other: list[Batch]) -> bool:
    return len(one) == len(other) and all(
        left.keys() == right.keys() and all(torch.equal(left[name], right[name]) for name in left)
        for left, right in zip(one, other, strict=True)
    )


def test_a_batch_has_each_word_once_and_where_it_stands() -> None:
    made = words(4)
    batch = made.batch(["a b a", "b c d e f"], rows=3)
    known = [f"<{letter}>" for letter in "abcdef"]
    assert read(batch, made.features, known) == [["<a>", "<b>", "<a>"], ["<b>", "<c>", "<d>", "<e>"], []]
    assert batch["places"].shape == (3, 4)
    # Five different words and the row of zeros, rounded up to quarters of 3 · 4 places.
    assert batch["words"].shape == (6, 64)
    assert not batch["words"][0].any()
    assert batch["words"].dtype == torch.int8


def test_paragraphs_stay_together_and_groups_ascend() -> None:
    made = batches([3, 2, 4, 1, 2], 4)
    known = [f"<{letter}{number}>" for letter in "ps" for number in range(5)]
    assert len(made) == 2
    told: list[str] = []
    for batch in made:
        groups = batch["groups"].tolist()
        assert groups[0] == 0
        assert all(later - earlier in (0, 1) for earlier, later in pairwise(groups))
        sentences = read(batch, made.dataset._words.features, known)
        owners = [sentence[0] for sentence in sentences]
        assert [owner == owners[0] for owner in owners] == [group == 0 for group in groups]
        told += [" ".join(sentence) for sentence in sentences]
    # A paragraph gives half a batch at most, 2 + 2 + 2 + 1 + 2 in all; the ninth waits for the next pass.
    assert len(told) == len(set(told)) == 8
    assert not [sentence for sentence in told if sentence.endswith(("<s2>", "<s3>"))]


def test_every_pass_has_an_order_of_its_own_and_a_seed_repeats_it() -> None:
    made, again = batches([3] * 20, 6), batches([3] * 20, 6)
    first, second = list(made), list(made)
    assert not same(first, second)
    assert same(first, list(again))
    assert not same(first, list(batches([3] * 20, 6, seed=1)))


def test_skipped_batches_are_those_that_would_have_come_first() -> None:
    made, skipping = batches([3] * 20, 6), batches([3] * 20, 6)
    skipping.skip(4)
    assert same(list(skipping), list(made)[4:])
    assert same(list(skipping), list(made)), "only the next pass"


def test_several_processes_share_the_batches_of_one_order() -> None:
    def team(rank: int) -> Team:
        made = Team()
        made.rank, made.size = rank, 2
        return made

    alone = list(batches([2] * 30, 6))
    parts = [list(batches([2] * 30, 6, team=team(rank))) for rank in range(2)]
    assert [len(part) for part in parts] == [5, 5]
    assert same([batch for pair in zip(*parts, strict=True) for batch in pair], alone)


def test_too_large_a_batch_is_one_line() -> None:
    with pytest.raises(InputError, match="batch_size = 50 is more than the 9 training sentences; lower batch_size"):
        batches([4, 5], 50)


class Numbers:
    """Batches that are numbers, of which one may be an error."""

    def __init__(self, count: int, error_at: int = -1) -> None:
        self.count = count
        self.error_at = error_at
        self.made: list[int] = []
        self.threads: set[str] = set()
        self.enough = threading.Event()

    def __len__(self) -> int:
        return self.count

    def __iter__(self) -> Iterator[int]:
        for number in range(self.count):
            if number == self.error_at:
                raise ValueError("no such batch")
            self.threads.add(threading.current_thread().name)
            self.made.append(number)
            if len(self.made) == 4:
                self.enough.set()
            yield number


@pytest.mark.parametrize("ahead", [0, 1, 3])
def test_batches_come_in_their_order(ahead: int) -> None:
    numbers = Numbers(10)
    assert list(made_ahead(numbers, ahead)) == list(range(10))
    assert numbers.threads == {"MainThread" if ahead == 0 else "prefetch"}


def test_only_so_many_are_made_ahead_and_the_thread_ends_with_a_pass_that_is_left() -> None:
    numbers = Numbers(100)
    before = set(threading.enumerate())
    running: Any = made_ahead(numbers, 2)
    assert next(running) == 0
    assert numbers.enough.wait(60), "one taken, two ready, one in hand"
    running.close()
    assert set(threading.enumerate()) <= before
    assert len(numbers.made) <= 5


def test_an_error_is_raised_where_its_batch_is_taken() -> None:
    running = made_ahead(Numbers(5, error_at=2), 4)
    assert [next(running), next(running)] == [0, 1]
    with pytest.raises(ValueError, match="no such batch"):
        next(running)
