from __future__ import annotations

import numpy as np
import pytest
import torch

from trainers.metrics import row_f1 as module
from trainers.metrics.row_f1 import THRESHOLDS, row_f1


def naive(embeddings: torch.Tensor, groups: list[int], threshold: float) -> tuple[float, float, float]:
    """Row F1 with sets, one row after the other."""
    units = torch.nn.functional.normalize(embeddings)
    similarity = units @ units.T
    scores = []
    for row, group in enumerate(groups):
        true = {other for other, name in enumerate(groups) if name == group}
        found = {other for other in range(len(groups)) if similarity[row, other] >= torch.tensor(threshold)} | {row}
        hits = len(true & found)
        scores.append((2 * hits / (len(true) + len(found)), hits / len(found), hits / len(true)))
    return tuple(np.mean(scores, axis=0).tolist())  # type: ignore[return-value]


def sample(rows: int = 60, classes: int = 7) -> tuple[torch.Tensor, list[int]]:
    generator = torch.Generator().manual_seed(3)
    groups = torch.randint(0, classes, (rows,), generator=generator)
    centres = torch.randn(classes, 5, generator=generator)
    return centres[groups] + 0.8 * torch.randn(rows, 5, generator=generator), groups.tolist()


@pytest.mark.parametrize("block", [2**24, 200])
def test_it_equals_the_definition_at_the_best_threshold(block: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_BLOCK_ELEMENTS", block)
    embeddings, groups = sample()
    found = row_f1(embeddings, torch.tensor(groups))
    everywhere = [naive(embeddings, groups, threshold) for threshold in THRESHOLDS]
    best = max(range(len(THRESHOLDS)), key=lambda index: everywhere[index][0])
    assert found.threshold == THRESHOLDS[best]
    assert (found.row_f1, found.precision, found.recall) == pytest.approx(everywhere[best])


def test_every_threshold_alone_equals_the_definition() -> None:
    embeddings, groups = sample(rows=25, classes=4)
    for threshold in (0.0, 0.31, 0.5, 0.99):
        found = row_f1(embeddings, torch.tensor(groups), (threshold,))
        assert (found.row_f1, found.precision, found.recall) == pytest.approx(naive(embeddings, groups, threshold))


def test_perfect_embeddings_score_one() -> None:
    found = row_f1(torch.eye(3).repeat_interleave(4, 0), torch.arange(3).repeat_interleave(4))
    assert (found.row_f1, found.precision, found.recall) == (1.0, 1.0, 1.0)


def test_a_row_always_matches_itself() -> None:
    embeddings = torch.tensor([[1.0, 0.0], [torch.nan, 1.0], [0.0, 0.0]])
    found = row_f1(embeddings, torch.tensor([0, 1, 2]), (0.5,))
    assert found.row_f1 == 1.0


def test_accepting_everything_is_the_trivial_baseline() -> None:
    found = row_f1(torch.ones(10, 2), torch.arange(2).repeat_interleave(5))
    assert (found.precision, found.recall) == (0.5, 1.0)
    assert found.row_f1 == pytest.approx(2 * 5 / (5 + 10))
