"""The largest batch that fits: doubling, then halving, whatever way a size does not fit."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import pytest
import torch

from cockpit.engine.batch_finding import Found, Try, bounds, coupling, find_batch, tries_of
from cockpit.engine.subject import Subject
from trainers.batch_size import answer_for, is_out_of_memory
from trainers.contract import InputError

TINY = "engine_trainers.tiny_task"


class Card:
    """Stands for a device with room for so many rows; a trainer has `rows` of them."""

    def __init__(self, room: int, rows: int = 1 << 20, slow_from: int = 1 << 30) -> None:
        self.room, self.rows, self.slow_from = room, rows, slow_from
        self.asked: list[list[int]] = []

    def tries(self, sizes: Sequence[int]) -> Iterator[Try]:
        self.asked.append(list(sizes))
        for size in sizes:
            if size > self.rows:
                yield Try(size, False, why=f"more than the {self.rows} rows")
                return
            if size > self.room:
                yield Try(size, False, memory=True, why="out of memory")
                return
            yield Try(size, True, seconds=0.1 if size < self.slow_from else size)


@pytest.mark.parametrize("room", [8, 9, 15, 16, 17, 100, 255, 256, 1000])
def test_the_largest_size_that_fits_is_found_nearly(room):
    found = find_batch(Card(room).tries, 8, 65_536)
    assert found.largest is not None and room - room // 16 <= found.largest.size <= room
    assert found.refused is not None and found.refused.size > room


def test_small_sizes_are_found_to_the_row():
    for room in range(1, 32):
        largest = find_batch(Card(room).tries, 8, 65_536).largest
        assert largest is not None and largest.size == room


def test_sizes_are_doubled_in_one_process_and_those_between_tried_one_by_one():
    card = Card(100)
    find_batch(card.tries, 8, 1024)
    assert card.asked == [[8, 16, 32, 64, 128, 256, 512, 1024], [96], [112], [104], [100]]


def test_nothing_larger_than_the_most_is_tried():
    card = Card(1000)
    found = find_batch(card.tries, 8, 100)
    assert card.asked == [[8, 16, 32, 64, 100]]
    assert found.text == "batch_size 100 is the largest that fits (the most to be tried), and the fastest"


def test_the_end_of_the_data_ends_it_without_halving():
    card = Card(1000, rows=100)
    found = find_batch(card.tries, 8, 4096)
    assert len(card.asked) == 1
    assert found.text == "batch_size 64 is the largest that fits (128: more than the 100 rows), and the fastest"


def test_nothing_fits():
    found = find_batch(Card(0).tries, 8, 64)
    assert (found.largest, found.fastest) == (None, None)
    assert found.text == "no batch_size fits, not even 1: out of memory"


def test_nothing_below_the_least_is_tried():
    card = Card(0)
    found = find_batch(card.tries, 8, 64, least=2)
    assert [sizes[0] for sizes in card.asked] == [8, 4, 2]
    assert found.text == "no batch_size fits, not even 2: out of memory"


def test_why_a_size_does_not_fit_is_told_without_advice_for_who_chose_it():
    tried = Try(8, False, why="batch_size = 8 is more than the 4 rows; lower batch_size")
    assert tried.reason == "more than the 4 rows"


def test_the_fastest_is_not_always_the_largest():
    found = find_batch(Card(1000, slow_from=64).tries, 8, 256)
    assert found.fastest is not None and found.fastest.size == 32
    assert found.text.endswith("; no size is much faster than 32")


def test_of_sizes_that_are_about_as_fast_the_smallest_is_taken():
    tries = (Try(8, True, seconds=1.0), Try(16, True, seconds=1.02), Try(32, True, seconds=1.96))
    assert Found(tries, 32).fastest == tries[1]
    assert Found((*tries, Try(64, True, seconds=2.0)), 64).fastest == Try(64, True, seconds=2.0)


@pytest.mark.parametrize(
    "error",
    [
        torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2 GiB"),
        RuntimeError("[enforce fail at alloc_cpu.cpp:121] DefaultCPUAllocator: can't allocate memory"),
        RuntimeError("CUDA error: CUBLAS_STATUS_ALLOC_FAILED when calling cublasCreate"),
        RuntimeError("RESOURCE_EXHAUSTED: Ran out of memory in memory space hbm"),
        RuntimeError("MPS backend out of memory"),
        OSError(12, "Cannot allocate memory"),
        MemoryError(),
    ],
)
def test_memory_that_is_out_is_known_by_what_libraries_say(error):
    assert is_out_of_memory(error)


@pytest.mark.parametrize("error", [RuntimeError("mat1 and mat2 shapes cannot be multiplied"), ValueError("memory")])
def test_other_errors_stay_what_they_are(error):
    assert not is_out_of_memory(error)


def request(memory: int | None = None, **settings: object) -> dict[str, Any]:
    return {**Subject("tiny", TINY, settings).request("cpu", threads=1), "memory": memory}


def test_a_device_whose_memory_is_out_says_so_and_what_fits_has_a_speed():
    fitting, full = (answer_for(request(full_at=16), size) for size in (8, 16))
    assert fitting["fits"] and fitting["seconds"] > 0 and fitting["device"].startswith("cpu")
    assert full == {"size": 16, "fits": False, "memory": True, "why": "the device has no memory left"}


def test_more_rows_than_there_are_do_not_fit_and_are_not_for_memory():
    found = answer_for(request(rows=4), 8)
    assert (found["fits"], found["memory"]) == (False, False)
    assert found["why"].startswith("batch_size = 8 is more than the 4 rows")


def test_what_is_wrong_at_any_size_is_an_error():
    with pytest.raises(InputError, match="unknown device 'abacus'"):
        answer_for({**request(), "device": "abacus"}, 8)


def test_a_process_that_is_killed_has_not_had_enough_and_the_next_one_goes_on():
    found = find_batch(tries_of(request(killed_at=4)), 2, 64)
    assert [(one.size, one.fits, one.memory) for one in found.tries] == [
        (2, True, False), (3, True, False), (4, False, True),
    ]  # fmt: skip
    assert found.tries[-1].why == "the system ended it: no memory left"


def test_a_processor_takes_no_more_memory_than_it_is_given():
    """A row takes 16 MiB: with 600 MiB more than what is taken already, some fit and a thousand do not."""
    tries = list(tries_of(request(memory=600 << 20, hoard=16 << 20, rows=4096))([2, 1024]))
    assert [(one.fits, one.memory) for one in tries] == [(True, False), (False, True)]


def test_bounds_are_those_of_the_trainer():
    subject = Subject("audio", "audio", {})
    assert bounds(subject, None) == (2, 65_536)
    assert bounds(subject, 64) == (2, 64)
    with pytest.raises(InputError, match="--most 1: batch_size of audio goes from 2 to 65536"):
        bounds(subject, 1)
    with pytest.raises(InputError, match="toy has no batch_size"):
        bounds(Subject("toy", "toy", {}), None)


def test_it_is_said_what_becomes_of_the_learning_rate():
    assert "does not follow the batch" in coupling(Subject("audio", "audio", {}))
    scaled = Subject("matching", "matching", {"lr_scaling": "sqrt", "lr_batch": 16})
    assert (
        coupling(scaled) == "lr_scaling sqrt: rates grow as the square root of the rows of a step, and are given for 16"
    )
