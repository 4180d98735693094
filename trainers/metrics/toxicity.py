"""What an evaluation of the toxicity trainer reports."""

from __future__ import annotations

import math

import numpy as np
import torch
from numpy.typing import NDArray

from trainers.losses.toxicity import CLASSES, evaluation_loss, toxic_probability
from trainers.metrics.accuracy import accuracy, bootstrap_interval
from trainers.metrics.matthews import matthews
from trainers.metrics.roc_auc import roc_auc


def toxic_probabilities(logits: NDArray[np.float32]) -> NDArray[np.float64]:
    """How probably each row of logits (rows, 7) is toxic."""
    probabilities: NDArray[np.float64] = toxic_probability(torch.from_numpy(logits).double()).numpy()
    return probabilities


def toxicity_metrics(logits: NDArray[np.float32], toxic: NDArray[np.int64]) -> dict[str, float]:
    """`loss` without smoothing and auxiliary labels, `auc` with its interval of 95 %, `mcc` and `accuracy`.

    `logits` (rows, 7), `toxic` (rows,) 0 or 1. All are exact, over all rows at once. `cross_entropy` is the training
    loss without smoothing and auxiliary labels: the one that can be compared with other classifiers' loss.
    """
    scores = torch.from_numpy(logits).double()
    labels = torch.from_numpy(toxic)
    probabilities = toxic_probabilities(logits)
    low, high = bootstrap_interval(
        lambda rows: roc_auc(toxic[rows], probabilities[rows], undefined=math.nan), rows=len(toxic)
    )
    return {
        "loss": float(evaluation_loss(scores, labels)),
        "auc": roc_auc(toxic, probabilities),
        "auc_low": low,
        "auc_high": high,
        "mcc": matthews(toxic, probabilities),
        "accuracy": accuracy(toxic, (probabilities > 0.5).astype(np.int64)),
        "cross_entropy": float(torch.nn.functional.cross_entropy(scores[:, :CLASSES], labels)),
    }
