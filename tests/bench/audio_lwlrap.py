"""Child of `audio`: lwlrap of random scores, ours and as one would write it down.

`python -m tests.bench.audio_lwlrap FOLDER ROWS` leaves the seconds of each round.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

from trainers.metrics.lwlrap import lwlrap

from .child import leave_result

CLASSES = 80
ROUNDS = 5
ROUNDS_OF_OURS = 50


def by_loop(scores: list[list[float]], labels: list[list[int]]) -> float:
    """Σ over rows and their labels of the labels ranked at or above one, by its rank, over all labels."""
    total, count = 0.0, 0
    for row, truth in zip(scores, labels, strict=True):
        for column, is_true in enumerate(truth):
            if is_true:
                above = [other for other, score in enumerate(row) if score >= row[column]]
                total += sum(truth[other] for other in above) / len(above)
                count += 1
    return total / count


def seconds(work: Callable[[], float]) -> float:
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def main() -> None:
    folder, rows = Path(sys.argv[1]), int(sys.argv[2])
    random = np.random.default_rng(0)
    scores = random.normal(size=(rows, CLASSES)).astype(np.float32)
    labels = (random.random((rows, CLASSES)) < 0.02).astype(np.int8)
    labels[np.arange(rows), random.integers(0, CLASSES, rows)] = 1
    plain = scores.tolist(), labels.tolist()
    if abs(by_loop(*plain) - lwlrap(scores, labels)) > 1e-9:
        raise AssertionError("the two differ")
    leave_result(
        folder,
        rows=rows,
        loop=[seconds(lambda: by_loop(*plain)) for _ in range(ROUNDS)],
        lwlrap=[seconds(lambda: lwlrap(scores, labels)) for _ in range(ROUNDS_OF_OURS)],
    )


if __name__ == "__main__":
    main()
