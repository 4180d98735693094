from __future__ import annotations

from collections import Counter

import numpy as np
import pytest

from trainers.data.folds import deal_groups, deal_rows


def labels_of_sizes(*sizes: int) -> list[str]:
    rows = [f"g{group}" for group, size in enumerate(sizes) for _ in range(size)]
    return [str(label) for label in np.random.default_rng(0).permutation(rows)]


def test_groups_are_dealt_by_size_round_robin() -> None:
    labels = ["b", "a", "b", "c", "b", "a", "d"]
    assert deal_groups(labels, 2).tolist() == [0, 1, 0, 0, 0, 1, 1]


def test_no_group_is_cut_and_folds_are_of_similar_size() -> None:
    labels = labels_of_sizes(*range(2, 40))
    folds = deal_groups(labels, 5)
    for name in set(labels):
        assert len({fold for label, fold in zip(labels, folds, strict=True) if label == name}) == 1
    sizes = Counter(folds.tolist()).values()
    assert max(sizes) - min(sizes) <= 40


def test_folds_depend_on_the_labels_alone() -> None:
    labels = labels_of_sizes(3, 3, 3, 2)
    order = np.random.default_rng(1).permutation(len(labels))
    shuffled = deal_groups([labels[place] for place in order], 2)
    assert shuffled.tolist() == deal_groups(labels, 2)[order].tolist()


@pytest.mark.parametrize("folds", [1, 4])
def test_too_few_groups_are_refused(folds: int) -> None:
    with pytest.raises(ValueError, match=f"3 groups cannot be dealt to {folds}"):
        deal_groups(["a", "b", "c"], folds)


def test_rows_are_dealt_within_groups() -> None:
    labels = labels_of_sizes(10, 9, 4)
    folds = deal_rows(labels, 2)
    for name, size in Counter(labels).items():
        inside = [fold for label, fold in zip(labels, folds, strict=True) if label == name]
        assert abs(sum(inside) - size / 2) <= 0.5
    with pytest.raises(ValueError, match="2 rows"):
        deal_rows(["a", "a"], 3)
