"""Child of `matching`: one way to compare all rows with all others.

`python -m tests.bench.matching_scores FOLDER WAY ROWS` leaves the seconds that it takes, and the peak memory in GiB.
"""

from __future__ import annotations

import resource
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch.nn import functional as F

from trainers.metrics.row_f1 import row_f1
from trainers.metrics.similarity import THRESHOLDS

from .child import leave_result

DIMENSIONS = 512
GROUP = 6
NEIGHBOURS = 51
BLOCK = 2**24  # similarities at once, 64 MiB


def sample(count: int) -> tuple[torch.Tensor, torch.Tensor]:
    generator = torch.Generator().manual_seed(0)
    groups = torch.arange(count) // GROUP
    embeddings = torch.randn(count, DIMENSIONS, generator=generator).mul_(1.5)
    embeddings += torch.randn(count // GROUP + 1, DIMENSIONS, generator=generator)[groups]
    return embeddings, groups


def bare(embeddings: torch.Tensor, groups: torch.Tensor) -> None:
    units = F.normalize(embeddings)
    step = max(1, BLOCK // len(units))
    for start in range(0, len(units), step):
        units[start : start + step] @ units.T


def sklearn(embeddings: torch.Tensor, groups: torch.Tensor) -> None:
    from sklearn.neighbors import NearestNeighbors

    search = NearestNeighbors(n_neighbors=NEIGHBOURS, algorithm="brute", metric="cosine").fit(embeddings.numpy())
    search.kneighbors(embeddings.numpy())


def faiss(embeddings: torch.Tensor, groups: torch.Tensor) -> None:
    import faiss as library

    units = F.normalize(embeddings).numpy()
    index = library.IndexFlatIP(DIMENSIONS)
    index.add(units)
    index.search(units, NEIGHBOURS)


def loop(embeddings: torch.Tensor, groups: torch.Tensor) -> None:
    """The obvious way: threshold by threshold and row by row, with sets of matches."""
    units = F.normalize(embeddings).numpy()
    names = groups.tolist()
    similarity = (units @ units.T).tolist()
    rows = range(len(names))
    true = [{other for other in rows if names[other] == name} for name in names]
    for threshold in THRESHOLDS["cosine"]:
        scores = []
        for row in rows:
            found = {row, *(other for other in rows if similarity[row][other] >= threshold)}
            scores.append(2 * len(found & true[row]) / (len(found) + len(true[row])))
        np.mean(scores)


def timed(work: Callable[[torch.Tensor, torch.Tensor], Any], *data: torch.Tensor) -> float:
    began = time.perf_counter()
    work(*data)
    return time.perf_counter() - began


def main() -> None:
    folder, way, count = Path(sys.argv[1]), sys.argv[2], int(sys.argv[3])
    data = sample(count)
    ways = {"ours": row_f1, "bare": bare, "sklearn": sklearn, "faiss": faiss, "loop": loop}
    few = sample(200)
    row_f1(*few)
    result = {"seconds": timed(ways[way], *data)}
    if way == "loop":
        result["vectorised"] = min(timed(row_f1, *data) for _ in range(3))
    # Kilobytes on Linux.
    leave_result(folder, **result, peak=resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20)


if __name__ == "__main__":
    main()
