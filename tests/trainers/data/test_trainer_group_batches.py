"""The order that keeps postings of a group together."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from trainers.data.group_batches import GroupOrder

# Groups of 1, 2, 3, 5 and 9 rows, and 20 of two.
SIZES = [1, 2, 3, 5, 9] + [2] * 20
GROUPS = np.random.default_rng(0).permutation(np.repeat(np.arange(len(SIZES)) * 7, SIZES))


def passes(group_rows: int, batch_size: int = 10, count: int = 1) -> list[list[list[int]]]:
    order = torch.Generator().manual_seed(3)
    batches = GroupOrder(GROUPS, group_rows, batch_size, order)
    return [list(map(list, batches)) for _ in range(count)]


@pytest.mark.parametrize("group_rows", [2, 3, 4])
def test_every_row_comes_once_and_beside_one_of_its_group(group_rows: int) -> None:
    (batches,) = passes(group_rows, batch_size=len(GROUPS))
    (places,) = batches
    assert sorted(places) == list(range(len(GROUPS)))
    groups = GROUPS[places]
    ends = np.flatnonzero(np.append(groups[1:] != groups[:-1], True))
    runs = np.diff(np.append(-1, ends))
    # Pieces of one group may come to stand side by side by chance.
    assert set(runs) <= {1, 2, 3, 4, 5, 6, 7, 8, 9}
    alone = [groups[end] for end, run in zip(ends, runs, strict=True) if run == 1]
    assert alone == [0]


def test_groups_are_cut_into_pieces_and_pieces_are_shuffled() -> None:
    """With two rows a piece, a group of 9 makes 2 + 2 + 2 + 3, which do not all stand together."""
    batches = GroupOrder(GROUPS, 2, 10, torch.Generator().manual_seed(0))
    pieces = batches._pieces(torch.from_numpy(np.sort(np.unique(GROUPS, return_inverse=True)[1])))
    assert torch.bincount(pieces).tolist() == [1, 2, 3, 2, 3, 2, 2, 2, 3] + [2] * 20
    (first, second) = passes(2, count=2)
    assert first != second
    assert passes(2, count=2) == [first, second]
    big = [index for index, batch in enumerate(first) if (GROUPS[batch] == 28).any()]
    assert len(set(big)) > 1


def test_batches_have_one_size_and_positives() -> None:
    for batch in passes(4, batch_size=12, count=5)[-1]:
        assert len(batch) == 12
        sizes = np.unique(GROUPS[batch], return_counts=True)[1]
        assert (sizes >= 2).sum() >= 3
        assert len(sizes) >= 3


def test_a_pass_is_gone_on_with_in_its_middle() -> None:
    order = torch.Generator().manual_seed(3)
    batches = GroupOrder(GROUPS, 2, 10, order)
    began = order.get_state()
    whole = list(map(list, batches))
    order.set_state(began)
    batches.skip(2)
    assert list(map(list, batches)) == whole[2:]
