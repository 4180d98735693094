from __future__ import annotations

import math

import numpy as np
import pytest
import torch

from trainers.metrics import neighbours, row_f1
from trainers.metrics.neighbours import Neighbours, count_neighbours
from trainers.metrics.row_f1 import retrieve
from trainers.metrics.similarity import THRESHOLDS, Similarity

Scores = tuple[float, float, float, float]


def naive(embeddings: torch.Tensor, groups: list[int], distance: str = "cosine", at_least: int = 1) -> Scores:
    """Row F1 with sets, one row and one threshold after the other."""
    similarity = Similarity(embeddings, distance)
    matrix = similarity.block(slice(None), slice(None)).fill_diagonal_(-math.inf).numpy()
    rows = range(len(groups))
    true = [{other for other in rows if groups[other] == group} for group in groups]
    means = []
    for level in similarity.levels(THRESHOLDS[distance]).numpy():
        scores = []
        for row in rows:
            found = {row, *np.flatnonzero(matrix[row] >= level).tolist()}
            if len(found) < at_least and matrix[row].max() > -math.inf:
                found.add(int(matrix[row].argmax()))
            hits = len(true[row] & found)
            scores.append((2 * hits / (len(true[row]) + len(found)), hits / len(found), hits / len(true[row])))
        means.append(np.mean(scores, axis=0).tolist())
    best = max(range(len(means)), key=lambda index: round(means[index][0], 12))
    return (*means[best], THRESHOLDS[distance][best])


def scores(found: row_f1.RowF1) -> Scores:
    return found.row_f1, found.precision, found.recall, found.threshold


def sample(rows: int = 40, classes: int = 12, spread: float = 0.7) -> tuple[torch.Tensor, torch.Tensor]:
    generator = torch.Generator().manual_seed(3)
    groups = torch.randint(0, classes, (rows,), generator=generator)
    centres = torch.randn(classes, 8, generator=generator)
    return centres[groups] + spread * torch.randn(rows, 8, generator=generator), groups


def odd(kind: str) -> tuple[torch.Tensor, torch.Tensor]:
    embeddings, groups = sample()
    if kind == "duplicates":
        embeddings[::5] = embeddings[0]
    elif kind == "not finite":
        embeddings[3], embeddings[7, 2] = math.nan, math.inf
    elif kind == "one group":
        groups[:] = 0
    elif kind == "all equal":
        embeddings[:] = 1.0
    elif kind == "zero":
        embeddings[::4] = 0.0
    return embeddings, groups


@pytest.mark.parametrize("kind", ["plain", "duplicates", "not finite", "one group", "all equal", "zero"])
@pytest.mark.parametrize("distance", ["cosine", "euclid"])
def test_it_equals_the_definition_at_the_best_threshold(
    kind: str, distance: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In one tile and in many, looking at few pairs and at all, and with one match or two at least."""
    embeddings, groups = odd(kind)
    one, two = (naive(embeddings, groups.tolist(), distance, at_least) for at_least in (1, 2))
    for tile, dense in ((2048, 0.05), (7, 2.0), (16, -1.0)):
        monkeypatch.setattr(neighbours, "TILE", tile)
        monkeypatch.setattr(neighbours, "DENSE", dense)
        found = retrieve(embeddings, groups, distance)
        assert scores(found.plain) == pytest.approx(one)
        assert scores(found.at_least_two) == pytest.approx(two)


@pytest.mark.parametrize("distance", ["cosine", "euclid"])
def test_what_lies_below_the_floor_changes_nothing(distance: str, monkeypatch: pytest.MonkeyPatch) -> None:
    embeddings, groups = sample(rows=400, classes=130, spread=0.3)
    monkeypatch.setattr(row_f1, "_ALL", 400)
    whole = retrieve(embeddings, groups, distance)
    assert whole.neighbours.first == 0
    monkeypatch.setattr(row_f1, "_ALL", 50)
    monkeypatch.setattr(neighbours, "TILE", 90)
    found = retrieve(embeddings, groups, distance)
    assert found.neighbours.first > 20
    assert scores(found.plain) == pytest.approx(scores(whole.plain))
    assert scores(found.at_least_two) == pytest.approx(scores(whole.at_least_two))
    assert torch.equal(found.neighbours.nearest, whole.neighbours.nearest)


def test_a_floor_that_is_too_high_is_found_out(monkeypatch: pytest.MonkeyPatch) -> None:
    """The rows that say where counting begins may be unlike the others."""
    embeddings, groups = sample(rows=200, classes=20, spread=1.5)
    whole = retrieve(embeddings, groups)
    monkeypatch.setattr(row_f1, "_floor", lambda similarity, groups, levels: len(levels) - 1)
    assert scores(retrieve(embeddings, groups).plain) == pytest.approx(scores(whole.plain))


def test_three_rows_by_hand() -> None:
    """Cosines: a·b = 0.8, a·c = 0.6, b·c = 0.96. Groups {a, b}, {c}.

    Above 0.8 and up to 0.96 b and c match: F1 of a 2·1/(2+1) = 2/3, of b 2·1/(2+2) = 1/2, of c 2·1/(1+2) = 2/3. Above
    0.96 each matches itself: 2/3, 2/3 and 1, mean 7/9, the best. At 0.8 a and c gain nothing: 1, 2·2/(2+3), 2/3.
    """
    embeddings = torch.tensor([[1.0, 0.0], [0.8, 0.6], [0.6, 0.8]])
    groups = torch.tensor([0, 0, 1])
    counted = count_neighbours(Similarity(embeddings), groups, torch.tensor([0.5, 0.7, 0.9, 0.97]))
    assert counted.predicted.T.tolist() == [[3, 3, 3], [2, 3, 2], [1, 2, 2], [1, 1, 1]]
    assert counted.hits.T.tolist() == [[2, 2, 1], [2, 2, 1], [1, 1, 1], [1, 1, 1]]
    assert counted.nearest.tolist() == [1, 2, 1]
    found = row_f1.row_f1(embeddings, groups, (0.9, 0.97))
    assert scores(found) == pytest.approx((7 / 9, 1.0, 2 / 3, 0.97))
    assert row_f1.row_f1(embeddings, groups, (0.7,)).row_f1 == pytest.approx((1 + 4 / 5 + 2 / 3) / 3)


def test_rows_that_match_nothing_get_their_nearest() -> None:
    """Above 0.96 the nearest are b, c and b: F1 of a becomes 1, of b 1/2, of c 2/3."""
    embeddings = torch.tensor([[1.0, 0.0], [0.8, 0.6], [0.6, 0.8]])
    groups = torch.tensor([0, 0, 1])
    counted = count_neighbours(Similarity(embeddings), groups, torch.tensor([0.97]))
    predicted, hits = row_f1._at_least_two(counted, groups)
    f1 = row_f1.f1_of(predicted, hits, torch.tensor([[2], [2], [1]]))
    assert f1.flatten().tolist() == pytest.approx([1.0, 1 / 2, 2 / 3])


def test_distances_are_those_of_the_embeddings() -> None:
    """3-4-5: the rows are 5 apart, so 5 is enough for them to match and 4.5 is not."""
    embeddings, groups = torch.tensor([[100.0, 0.0], [103.0, 4.0]]), torch.tensor([0, 0])
    assert row_f1.row_f1(embeddings, groups, (5.0,), "euclid").row_f1 == 1.0
    assert row_f1.row_f1(embeddings, groups, (4.5,), "euclid").row_f1 == pytest.approx(2 / 3)
    assert row_f1.row_f1(embeddings, groups, None, "euclid").threshold == 50.0


def test_perfect_embeddings_score_one() -> None:
    found = row_f1.row_f1(torch.eye(3).repeat_interleave(4, 0), torch.arange(3).repeat_interleave(4))
    assert (found.row_f1, found.precision, found.recall) == (1.0, 1.0, 1.0)


def test_a_row_always_matches_itself_and_lost_ones_nothing_else() -> None:
    embeddings = torch.tensor([[1.0, 0.0], [torch.nan, 1.0], [0.0, 0.0], [torch.inf, 0.0]])
    found = retrieve(embeddings, torch.tensor([0, 1, 2, 3]))
    assert found.neighbours.predicted[1].tolist() == [1] * 100
    assert found.neighbours.nearest.tolist() == [2, -1, 0, -1]
    assert row_f1.row_f1(embeddings, torch.tensor([0, 1, 2, 3]), (0.5,)).row_f1 == 1.0
    alone = retrieve(torch.ones(1, 2), torch.tensor([0]))
    assert (alone.plain.row_f1, alone.at_least_two.row_f1) == (1.0, 1.0)


def test_accepting_everything_is_the_trivial_baseline() -> None:
    found = row_f1.row_f1(torch.ones(10, 2), torch.arange(2).repeat_interleave(5))
    assert (found.precision, found.recall) == (0.5, 1.0)
    assert found.row_f1 == pytest.approx(2 * 5 / (5 + 10))


def test_ties_go_to_the_loosest_threshold() -> None:
    assert row_f1.row_f1(torch.eye(4), torch.arange(4)).threshold == 0.01
    assert isinstance(retrieve(torch.eye(4), torch.arange(4)).neighbours, Neighbours)
