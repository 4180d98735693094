from __future__ import annotations

import pytest
import torch

from trainers.metrics import merging
from trainers.metrics.matches import find_matches
from trainers.metrics.merging import merge, sharing, title_keys
from trainers.metrics.row_f1 import f1_of
from trainers.metrics.similarity import Similarity

# Cosines: a·b = 0.8, a·c = 0, b·c = 0.6, and d is like c.
EMBEDDINGS = torch.tensor([[1.0, 0.0], [0.8, 0.6], [0.0, 1.0], [0.0, 1.0]])
GROUPS = torch.tensor([0, 0, 0, 1])


def test_titles_are_compared_without_case_and_spaces() -> None:
    assert title_keys(["Red  Tea ", "red tea", ""]) == ["red tea", "red tea", ""]
    assert list(sharing(["x", "", "y", "x", " ", "", "z"])) == [[0, 3]]


@pytest.mark.parametrize("at_once", [1024, 1])
def test_rows_that_share_a_key_match_besides(at_once: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """At 0.7: {a, b}, {a, b}, {c, d}, {c, d}. A key of a and c makes {a, b, c} of the first and {a, c, d} of the third.

    F1: 2·3/(3+3) = 1, 2·2/(3+2) = 0.8, 2·2/(3+3) = 2/3, and 2·1/(1+2) = 2/3. One of c and d changes nothing.
    """
    monkeypatch.setattr(merging, "_ROWS", at_once)
    predicted, hits = torch.tensor([2, 2, 2, 2]), torch.tensor([2, 2, 1, 1])
    similarity = Similarity(EMBEDDINGS)
    merged = merge(similarity, GROUPS, 0.7, predicted, hits, ["k", "", "k", ""])
    assert f1_of(*merged, torch.tensor([3, 3, 3, 1])).tolist() == pytest.approx([1, 0.8, 2 / 3, 2 / 3])
    same = merge(similarity, GROUPS, 0.7, predicted, hits, ["", "", "k", "k"])
    assert torch.equal(same[0], predicted)
    assert torch.equal(same[1], hits)


def test_matches_come_by_key_and_then_by_similarity() -> None:
    similarity = Similarity(EMBEDDINGS)
    assert find_matches(similarity, 0.7) == [[0, 1], [1, 0], [2, 3], [3, 2]]
    assert find_matches(similarity, 0.5) == [[0, 1], [1, 0, 2, 3], [2, 3, 1], [3, 2, 1]]
    assert find_matches(similarity, 0.9, at_least=2) == [[0, 1], [1, 0], [2, 3], [3, 2]]
    assert find_matches(similarity, 0.5, most=2) == [[0, 1], [1, 0], [2, 3], [3, 2]]
    assert find_matches(similarity, 0.7, keys=[["k", "", "k", ""], ["", "t", "t", ""]]) == [
        [0, 2, 1], [1, 2, 0], [2, 0, 1, 3], [3, 2],
    ]  # fmt: skip


def test_matches_of_rows_in_several_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    whole = find_matches(Similarity(EMBEDDINGS), 0.5)
    monkeypatch.setattr("trainers.metrics.matches._BLOCK", 4)
    assert find_matches(Similarity(EMBEDDINGS), 0.5) == whole


def test_a_row_that_is_lost_or_alone_matches_itself() -> None:
    lost = torch.tensor([[1.0, 0.0], [torch.nan, 0.0], [1.0, 0.1]])
    assert find_matches(Similarity(lost), 0.5, at_least=2) == [[0, 2], [1], [2, 0]]
    assert find_matches(Similarity(torch.ones(1, 2)), 0.5, at_least=2) == [[0]]
