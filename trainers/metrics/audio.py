"""What an evaluation of the audio trainer reports."""

from __future__ import annotations

import csv
import io
import math
import re
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from trainers.files import write_atomically
from trainers.metrics.accuracy import bootstrap_interval
from trainers.metrics.lwlrap import lrap, lwlrap, per_class_lwlrap, row_sums

# With more classes than these their single scores stand in the file of classes alone.
MOST_CLASSES = 20


def audio_metrics(logits: NDArray[np.float32], labels: NDArray[np.int8]) -> dict[str, float]:
    """`lwlrap` with its interval of 95 %, `lrap`, and `loss`. Both arrays have the shape (rows, classes).

    `loss` is binary cross-entropy, whatever was trained with, so that trials can be compared by it.
    """
    sums, counts = row_sums(logits, labels)

    def of_rows(rows: NDArray[np.int64]) -> float:
        count = counts[rows].sum()
        return float(sums[rows].sum() / count) if count else math.nan

    low, high = bootstrap_interval(of_rows, rows=len(logits))
    loss = torch.nn.functional.binary_cross_entropy_with_logits(
        torch.from_numpy(logits).double(), torch.from_numpy(labels).double()
    )
    return {
        "lwlrap": lwlrap(logits, labels),
        "lwlrap_low": low,
        "lwlrap_high": high,
        "lrap": lrap(logits, labels),
        "loss": float(loss),
    }


def class_metrics(logits: NDArray[np.float32], labels: NDArray[np.int8], classes: Sequence[str]) -> dict[str, float]:
    """`class_<name>`, the lwlrap of each class that any row has; nothing for more than `MOST_CLASSES` of them."""
    if len(classes) > MOST_CLASSES:
        return {}
    values, weights = per_class_lwlrap(logits, labels)
    return {
        f"class_{re.sub(r'[^0-9A-Za-z_]+', '_', name)}": float(value)
        for name, value, weight in zip(classes, values, weights, strict=True)
        if weight > 0
    }


def write_classes(path: Path, logits: NDArray[np.float32], labels: NDArray[np.int8], classes: Sequence[str]) -> Path:
    """Writes lwlrap, weight, their product and the number of clips for each class. A class without clips has no lwlrap.

    The products add up to lwlrap. Raises `OSError`.
    """
    values, weights = per_class_lwlrap(logits, labels)
    rows = [["class", "clips", "lwlrap", "weight", "weighted_lwlrap"]]
    for name, clips, value, weight in zip(classes, labels.sum(0, dtype=np.int64), values, weights, strict=True):
        scores = [f"{value:.6f}", f"{weight:.6f}", f"{value * weight:.6f}"] if clips else ["", "0.000000", "0.000000"]
        rows.append([name, str(clips), *scores])
    text = io.StringIO(newline="")
    csv.writer(text, lineterminator="\n").writerows(rows)
    write_atomically(path, lambda stream: stream.write(text.getvalue().encode()))
    return path
