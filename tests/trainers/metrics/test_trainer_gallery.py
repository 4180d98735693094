from __future__ import annotations

import numpy as np
import pytest
import torch

from trainers.metrics.gallery import in_gallery
from trainers.metrics.neighbours import Neighbours
from trainers.metrics.row_f1 import retrieve


def counted() -> tuple[Neighbours, torch.Tensor]:
    """1,000 rows in groups of two. At one level each has its match and 20 others, at the next its match alone."""
    rows = torch.full((1000,), 1)
    predicted = torch.stack([22 * rows, 2 * rows], dim=1)
    hits = torch.stack([2 * rows, 2 * rows], dim=1)
    groups = torch.arange(1000) // 2
    return Neighbours(0, predicted.int(), hits.int(), torch.arange(1000) ^ 1), groups


def test_a_larger_gallery_has_false_matches_as_often_as_this_one() -> None:
    """20 of 998 candidates are false matches, so of 9,000 dummies 9,000 · 20 / 998 = 180.4 are, ± 0.4 in the mean."""
    neighbours, groups = counted()
    predicted, hits = in_gallery(10_000)(neighbours, groups)
    assert torch.equal(hits.int(), neighbours.hits)
    false = (predicted - hits).double()
    assert false[:, 0].mean().item() == pytest.approx(20 + 180.36, abs=1.5)
    # The standard deviation of a binomial distribution: √(n·p·(1 − p)) = 13.3.
    assert false[:, 0].std().item() == pytest.approx(13.3, abs=1.0)
    assert false[:, 1].sum() == 0


def test_a_smaller_gallery_keeps_some_false_matches_and_all_true_ones() -> None:
    """Of 998 candidates 98 stay, so of 20 false matches 20 · 98 / 998 = 1.96 do."""
    neighbours, groups = counted()
    predicted, hits = in_gallery(100)(neighbours, groups)
    assert torch.equal(hits.int(), neighbours.hits)
    assert (predicted - hits).double()[:, 0].mean().item() == pytest.approx(1.96, abs=0.2)


def test_a_gallery_of_this_size_is_this_one() -> None:
    neighbours, groups = counted()
    predicted, _ = in_gallery(1000)(neighbours, groups)
    assert torch.equal(predicted.int(), neighbours.predicted)


def test_without_rows_of_other_groups_there_are_no_dummies() -> None:
    found = retrieve(torch.ones(5, 2), torch.zeros(5, dtype=torch.long), galleries=(100,))
    assert found.galleries[100].row_f1 == 1.0


def test_the_best_threshold_grows_with_the_gallery_and_the_score_falls() -> None:
    generator = torch.Generator().manual_seed(0)
    groups = torch.arange(1500) // 3
    embeddings = torch.randn(500, 16, generator=generator)[groups] + 0.6 * torch.randn(1500, 16, generator=generator)
    found = retrieve(embeddings, groups, galleries=(300, 1500, 20_000, 70_000))
    assert found.neighbours.first > 0
    scores = [found.galleries[size].row_f1 for size in (300, 1500, 20_000, 70_000)]
    thresholds = [found.galleries[size].threshold for size in (300, 1500, 20_000, 70_000)]
    assert scores == sorted(scores, reverse=True)
    assert thresholds == sorted(thresholds)
    assert thresholds[0] < thresholds[-1]
    assert found.galleries[1500] == found.plain
    again = retrieve(embeddings, groups, galleries=(20_000,))
    assert again.galleries[20_000] == found.galleries[20_000]
    # Of the same similarities really drawn, one by one, for some rows.
    units = torch.nn.functional.normalize(embeddings)
    matrix = (units @ units.T).numpy()
    others = matrix[groups.numpy()[:, None] != groups.numpy()]
    draw = np.random.default_rng(1)
    level = found.galleries[20_000].threshold
    drawn = [(draw.choice(others, 18_500) >= level).sum() for _ in range(200)]
    exact = [(matrix[row] >= level).sum() + extra for row, extra in enumerate(drawn)]
    hits = [((matrix[row] >= level) & (groups == groups[row]).numpy()).sum() for row in range(200)]
    f1 = np.mean([2 * hit / (3 + count) for hit, count in zip(hits, exact, strict=True)])
    assert found.galleries[20_000].row_f1 == pytest.approx(f1, abs=0.04)
