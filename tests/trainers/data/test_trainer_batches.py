from __future__ import annotations

from pathlib import Path

import numpy as np
import torch

from trainers.data.batches import Column, Pictures, Postings, evaluation_loader, training_loader
from trainers.data.loading import AT_ONCE, Loading
from trainers.data.products import read_products


def numbers(rows: int) -> Postings:
    return Postings(np.arange(rows), {"row": Column(torch.arange(100))})


def order_of(seed: int, loading: Loading = AT_ONCE) -> list[list[int]]:
    loader = training_loader(numbers(10), 4, torch.Generator().manual_seed(seed), loading)
    return [batch["row"].tolist() for _ in range(2) for batch in loader]


def test_training_batches_are_full_shuffled_and_seeded() -> None:
    assert order_of(1) == order_of(1) != order_of(2)
    assert [len(batch) for batch in order_of(1)] == [4, 4, 4, 4]
    assert order_of(1)[:2] != order_of(1)[2:]


def test_evaluation_batches_keep_all_rows_in_order() -> None:
    rows = [batch["row"].tolist() for batch in evaluation_loader(numbers(5), 2)]
    assert rows == [[0, 1], [2, 3], [4]]


def test_pictures_are_the_same_from_memory_and_from_disk(shop: Path) -> None:
    images = read_products(shop).images
    cached, decoded = Pictures(images, 16), Pictures(images, 16, cache_bytes=10)
    assert (cached.cached, decoded.cached) == (True, False)
    assert cached([3, 1]).shape == (2, 3, 16, 16)
    assert torch.equal(cached([3, 1]), decoded([3, 1]))
