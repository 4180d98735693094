"""What an evaluation of the inference trainer reports."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray

from trainers.metrics.accuracy import accuracy, bootstrap_interval


@dataclass(frozen=True)
class Score:
    """An accuracy over so many rows, with its interval of 95 %."""

    rows: int
    accuracy: float
    low: float
    high: float


def score(labels: NDArray[np.int64], predicted: NDArray[np.int64]) -> Score:
    """The share of right rows, and the percentile interval of that over rows drawn anew (Efron 1979)."""
    low, high = bootstrap_interval(lambda rows: accuracy(labels[rows], predicted[rows]), rows=len(labels))
    return Score(len(labels), accuracy(labels, predicted), low, high)


def by_language(logits: NDArray[np.float32], labels: NDArray[np.int64], langs: Sequence[str]) -> dict[str, Score]:
    """The score of each language. `logits` (rows, classes), `labels` (rows,), one of `langs` per row."""
    predicted, languages = logits.argmax(1), np.array(langs)
    return {lang: score(labels[languages == lang], predicted[languages == lang]) for lang in sorted(set(langs))}


def inference_metrics(logits: NDArray[np.float32], labels: NDArray[np.int64], langs: Sequence[str]) -> dict[str, float]:
    """`loss` (mean cross-entropy), `accuracy` over all rows with its interval of 95 %, and that of each language."""
    overall = score(labels, logits.argmax(1))
    loss = torch.nn.functional.cross_entropy(torch.from_numpy(logits).double(), torch.from_numpy(labels))
    return {
        "loss": float(loss),
        "accuracy": overall.accuracy,
        "accuracy_low": overall.low,
        "accuracy_high": overall.high,
    } | {f"accuracy_{lang}": one.accuracy for lang, one in by_language(logits, labels, langs).items()}
