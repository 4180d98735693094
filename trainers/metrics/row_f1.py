"""Row F1: how well thresholded similarity finds each posting's group."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional as F

# Cosine thresholds that the search tries.
THRESHOLDS = tuple(step / 100 for step in range(100))
# Similarities held at once: 64 MiB of float32.
_BLOCK_ELEMENTS = 2**24


@dataclass(frozen=True, slots=True)
class RowF1:
    """Means over rows at the threshold with the highest F1."""

    row_f1: float
    precision: float
    recall: float
    threshold: float


def row_f1(embeddings: Tensor, groups: Tensor, thresholds: tuple[float, ...] = THRESHOLDS) -> RowF1:
    """Row F1 over cosine similarity, with the best of ascending `thresholds`; ties go to the lowest.

    `embeddings` (rows, dimensions) need no normalisation, `groups` (rows,) are integers. For a row with the true
    matches T (all rows of its group, itself included) and the predicted P (all rows at least as similar as the
    threshold, and always itself), F1 is 2·|T∩P| / (|T| + |P|). Embeddings that are not finite match only themselves.
    The threshold is chosen on the rows that are scored, so the value is a little better than on new data.
    """
    units = F.normalize(embeddings.float().nan_to_num(0.0, 0.0, 0.0))
    grid = torch.tensor(thresholds, dtype=units.dtype, device=units.device)
    true = torch.bincount(groups)[groups].double().unsqueeze(1)
    sums = torch.zeros(3, len(thresholds), dtype=torch.float64, device=units.device)
    rows_at_once = max(1, _BLOCK_ELEMENTS // len(units))
    for start in range(0, len(units), rows_at_once):
        rows = slice(start, start + rows_at_once)
        predicted, hits = _counts(units, groups, rows, grid)
        f1 = 2 * hits / (true[rows] + predicted)
        sums += torch.stack([f1.sum(0), (hits / predicted).sum(0), (hits / true[rows]).sum(0)])
    # Device sync where embeddings are on a device.
    f1_mean, precision, recall = (sums / len(units)).tolist()
    best = max(range(len(thresholds)), key=lambda index: f1_mean[index])
    return RowF1(f1_mean[best], precision[best], recall[best], thresholds[best])


def _counts(units: Tensor, groups: Tensor, rows: slice, grid: Tensor) -> tuple[Tensor, Tensor]:
    """|P| and |T∩P| for these rows at every threshold, each (rows, thresholds).

    Each pair falls into a bin by how many thresholds it passes; sums over bins from the top then count all
    thresholds in one pass over the similarities.
    """
    similarity = units[rows] @ units.T
    mine = torch.arange(len(similarity), device=units.device)
    similarity[mine, mine + rows.start] = 2.0
    width = len(grid) + 1
    bins = torch.bucketize(similarity, grid, right=True) + (mine * width).unsqueeze(1)
    same = groups[rows].unsqueeze(1) == groups.unsqueeze(0)
    size = len(similarity) * width
    return tuple(  # type: ignore[return-value]
        torch.bincount(chosen, minlength=size).view(-1, width).flip(1).cumsum(1).flip(1)[:, 1:].double()
        for chosen in (bins.flatten(), bins[same])
    )
