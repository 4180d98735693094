"""What a model says of rows that it was not trained on, as a file that ensembles and thresholds are found from."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from trainers.files import write_atomically

FILE = "predictions.npz"
LABEL = "predictions"


@dataclass(frozen=True)
class Predictions:
    """Rows by their `ids`; the more probable a column's class is, the higher its score.

    `scores` and `labels` have the shape (rows, columns), labels being 0 or 1. `metric` names the score that a trial is
    ranked by. Rows of one of the `groups` are not independent of each other; without groups every row is its own.
    """

    ids: Sequence[str]
    columns: Sequence[str]
    scores: NDArray[np.floating]
    labels: NDArray[np.integer]
    metric: str
    groups: Sequence[str] = ()

    def __post_init__(self) -> None:
        shape = (len(self.ids), len(self.columns))
        if self.scores.shape != shape or self.labels.shape != shape or len(self.groups) not in (0, len(self.ids)):
            raise ValueError(
                f"{shape[0]} ids and {shape[1]} columns do not fit scores {self.scores.shape}, "
                f"labels {self.labels.shape} and {len(self.groups)} groups"
            )


def write_predictions(path: Path, predictions: Predictions) -> Path:
    """Writes plain arrays, which can be read without trusting the file. Raises `OSError`."""
    arrays = {
        "ids": np.array(predictions.ids, dtype=np.str_),
        "columns": np.array(predictions.columns, dtype=np.str_),
        "scores": predictions.scores.astype(np.float32),
        "labels": predictions.labels.astype(np.int8),
        "metric": np.array(predictions.metric),
        "groups": np.array(predictions.groups, dtype=np.str_),
    }
    write_atomically(path, lambda stream: np.savez_compressed(stream, allow_pickle=False, **arrays))
    return path
