"""Row F1: how well thresholded similarity finds each posting's group."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from trainers.metrics.gallery import in_gallery
from trainers.metrics.neighbours import Neighbours, count_neighbours
from trainers.metrics.similarity import THRESHOLDS, Similarity

# Up to so many rows all pairs are counted. Of more, so many rows say where that is not worth it.
_ALL = 256
_SAMPLE = 64
# How much better the best threshold of the sample is to be than any below the floor can be.
_MARGIN = 2.0

# |P| and |T∩P|, each (rows, levels), of what was counted and the rows' groups.
View = Callable[[Neighbours, Tensor], tuple[Tensor, Tensor]]


@dataclass(frozen=True, slots=True)
class RowF1:
    """Means over rows at the threshold with the highest F1."""

    row_f1: float
    precision: float
    recall: float
    threshold: float


@dataclass(frozen=True)
class Retrieved:
    """The score, that with at least two matches a row, those in galleries of other sizes, and what they are from."""

    plain: RowF1
    at_least_two: RowF1
    galleries: Mapping[int, RowF1]
    neighbours: Neighbours
    similarity: Similarity


def row_f1(
    embeddings: Tensor, groups: Tensor, thresholds: tuple[float, ...] | None = None, distance: str = "cosine"
) -> RowF1:
    """Row F1 with the best of `thresholds`, which go from the loosest to the strictest; ties go to the loosest.

    `embeddings` (rows, dimensions) need no normalisation, `groups` (rows,) are integers. For a row with the true
    matches T (all rows of its group, itself included) and the predicted P (all rows at least as similar as the
    threshold, and always itself), F1 is 2·|T∩P| / (|T| + |P|). Embeddings that are not finite match only themselves.
    The threshold is chosen on the rows that are scored, so the value is a little better than on new data.
    """
    similarity = Similarity(embeddings, distance)
    return _scores(similarity, groups, thresholds or THRESHOLDS[distance], [_plain])[1][0]


def retrieve(embeddings: Tensor, groups: Tensor, distance: str = "cosine", galleries: Sequence[int] = ()) -> Retrieved:
    """All scores that follow from one pass over the pairs, each at its own best threshold."""
    similarity = Similarity(embeddings, distance)
    views = [_plain, _at_least_two, *(in_gallery(size) for size in galleries)]
    neighbours, (plain, two, *others) = _scores(similarity, groups, THRESHOLDS[distance], views)
    return Retrieved(plain, two, dict(zip(galleries, others, strict=True)), neighbours, similarity)


def group_sizes(groups: Tensor) -> Tensor:
    """|T| of every row, int64 (rows,)."""
    return torch.bincount(groups)[groups]


def f1_of(predicted: Tensor, hits: Tensor, true: Tensor) -> Tensor:
    """2·|T∩P| / (|T| + |P|), float64 of the shape of `predicted`; `true` is (rows,) or (rows, 1)."""
    return 2 * hits.double() / (true + predicted).double()


def _scores(
    similarity: Similarity, groups: Tensor, thresholds: tuple[float, ...], views: Sequence[View]
) -> tuple[Neighbours, list[RowF1]]:
    """The best score of every view.

    Low thresholds let so many pairs pass that counting these would take longer than all the rest, and are never the
    best ones. So counting begins at a floor. Below it P only grows, hence F1 ≤ 2·|T| / (|T| + |P at the floor|): where
    the mean of that is less than what was found, it was found with certainty. Else all thresholds are counted.
    """
    levels = similarity.levels(thresholds)
    for first in (_floor(similarity, groups, levels), 0):
        neighbours = count_neighbours(similarity, groups, levels, first)
        found = [_best(neighbours, groups, thresholds, view) for view in views]
        if first == 0 or all(beyond < score.row_f1 for score, beyond in found):
            break
    return neighbours, [score for score, _ in found]


def _best(neighbours: Neighbours, groups: Tensor, thresholds: tuple[float, ...], view: View) -> tuple[RowF1, float]:
    """The score at the best threshold counted, and what no threshold that was not counted can exceed."""
    true = group_sizes(groups).unsqueeze(1)
    predicted, hits = view(neighbours, groups)
    means = torch.stack(
        [f1_of(predicted, hits, true).mean(0), (hits / predicted.double()).mean(0), (hits / true.double()).mean(0)]
    )
    beyond = f1_of(predicted[:, :1], true, true).mean()
    # Device sync where embeddings are on a device.
    f1, precision, recall = means.tolist()
    # Rounded, because sums of the same numbers in another order differ in the last digits.
    best = max(range(len(f1)), key=lambda index: round(f1[index], 12))
    return RowF1(f1[best], precision[best], recall[best], thresholds[neighbours.first + best]), float(beyond)


def _floor(similarity: Similarity, groups: Tensor, levels: Tensor) -> int:
    """The number of a level below which nothing good is to be expected, judged by some of the rows."""
    rows = len(similarity)
    if rows <= _ALL:
        return 0
    chosen = torch.arange(0, rows, -(-rows // _SAMPLE), device=groups.device)
    values = similarity.block(chosen, slice(None))
    width = len(levels) + 1
    starts = torch.arange(len(chosen), device=groups.device).unsqueeze(1) * width
    bins = torch.bucketize(values, levels, right=True) + starts
    same = groups[chosen].unsqueeze(1) == groups
    predicted, hits = (
        torch.bincount(part, minlength=len(chosen) * width).view(-1, width).flip(1).cumsum(1).flip(1)
        for part in (bins.flatten(), bins[same])
    )
    true = group_sizes(groups)[chosen].unsqueeze(1)
    f1 = f1_of(predicted[:, 1:], hits[:, 1:], true).mean(0)
    beyond = f1_of(predicted[:, 1:], true, true).mean(0)
    best = int(f1.argmax())
    good = (beyond[: best + 1] * _MARGIN < f1[best]).nonzero()
    return int(good.max()) if len(good) else 0


def _plain(neighbours: Neighbours, groups: Tensor) -> tuple[Tensor, Tensor]:
    return neighbours.predicted, neighbours.hits


def _at_least_two(neighbours: Neighbours, groups: Tensor) -> tuple[Tensor, Tensor]:
    """Rows that match nothing but themselves get their nearest neighbour as well."""
    nearest = neighbours.nearest
    has_one = nearest >= 0
    is_hit = (groups[nearest] == groups) & has_one
    alone = neighbours.predicted == 1
    return neighbours.predicted + (alone & has_one.unsqueeze(1)), neighbours.hits + (alone & is_hit.unsqueeze(1))
