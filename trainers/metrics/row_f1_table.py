"""Row F1 of every row at every threshold, for who wants to choose a threshold on some rows and score it on others."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from numpy.typing import NDArray

from trainers.metrics.row_f1 import f1_of, group_sizes, retrieve
from trainers.metrics.similarity import THRESHOLDS

DISTANCE = "cosine"


def row_f1_table(
    embeddings: NDArray[np.floating], groups: Sequence[str], min_matches: int = 1
) -> tuple[NDArray[np.float64], tuple[float, ...]]:
    """F1 of each row, (rows, thresholds), and the cosine thresholds, ascending.

    All rows are candidates of each. With `min_matches` of 2 a row that matches nothing but itself gets its nearest
    neighbour as well. Thresholds so low that they cannot be the best are left out.
    """
    numbers = torch.from_numpy(np.unique(np.array(groups), return_inverse=True)[1].astype(np.int64))
    neighbours = retrieve(torch.from_numpy(np.asarray(embeddings)), numbers, DISTANCE).neighbours
    predicted, hits = neighbours.predicted, neighbours.hits
    if min_matches >= 2:
        lonely = (predicted == 1) & (neighbours.nearest >= 0).unsqueeze(1)
        is_hit = (numbers[neighbours.nearest] == numbers).unsqueeze(1)
        predicted, hits = predicted + lonely, hits + (lonely & is_hit)
    table = f1_of(predicted, hits, group_sizes(numbers).unsqueeze(1)).numpy()
    return table, THRESHOLDS[DISTANCE][neighbours.first :]
