"""What an evaluation of the inference trainer reports."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray

from trainers.metrics.accuracy import accuracy, mean_interval


@dataclass(frozen=True)
class Score:
    """An accuracy over so many rows, with its interval of 95 %."""

    rows: int
    accuracy: float
    low: float
    high: float


def score(labels: NDArray[np.int64], predicted: NDArray[np.int64], groups: NDArray[np.str_] | None = None) -> Score:
    """The share of right rows, and the interval of that over rows, or whole groups of them, drawn anew."""
    low, high = mean_interval(labels == predicted, groups)
    return Score(len(labels), accuracy(labels, predicted), low, high)


def by_language(
    logits: NDArray[np.float32], labels: NDArray[np.int64], langs: Sequence[str], groups: Sequence[str] = ()
) -> dict[str, Score]:
    """The score of each language. `logits` (rows, classes), `labels` (rows,), one of `langs` per row.

    Rows of one of the `groups`, say of one premise, are not independent; without groups every row is its own.
    """
    predicted, languages, group = logits.argmax(1), np.array(langs), _array(groups)
    chosen = {lang: languages == lang for lang in sorted(set(langs))}
    return {
        lang: score(labels[rows], predicted[rows], None if group is None else group[rows])
        for lang, rows in chosen.items()
    }


def inference_metrics(
    logits: NDArray[np.float32], labels: NDArray[np.int64], langs: Sequence[str], groups: Sequence[str] = ()
) -> dict[str, float]:
    """`loss` (mean cross-entropy), `accuracy` over all rows with its interval of 95 %, and that of each language."""
    overall = score(labels, logits.argmax(1), _array(groups))
    loss = torch.nn.functional.cross_entropy(torch.from_numpy(logits).double(), torch.from_numpy(labels))
    return {
        "loss": float(loss),
        "accuracy": overall.accuracy,
        "accuracy_low": overall.low,
        "accuracy_high": overall.high,
    } | {f"accuracy_{lang}": one.accuracy for lang, one in by_language(logits, labels, langs).items()}


def _array(groups: Sequence[str]) -> NDArray[np.str_] | None:
    return np.array(groups) if groups else None
