"""What merged predictions are ranked by. The formulas are those of the trainers."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping

import numpy as np
from numpy.typing import NDArray

from trainers.metrics.accuracy import accuracy
from trainers.metrics.lwlrap import lwlrap
from trainers.metrics.matthews import matthews
from trainers.metrics.roc_auc import roc_auc

Scores = NDArray[np.floating]
Labels = NDArray[np.integer]
Score = Callable[[Labels, Scores], float]  # labels and scores, both (rows, columns); NaN where it is not defined
GOAL = "maximize"  # of all of them


def auc(labels: Labels, scores: Scores) -> float:
    """ROC-AUC, over several columns the mean of those that have both labels."""
    pairs = zip(labels.T, scores.T, strict=True)
    return _mean([roc_auc(column, values, undefined=math.nan) for column, values in pairs])


def correlation(labels: Labels, scores: Scores) -> float:
    """Matthews' correlation at one half, over several columns their mean."""
    return _mean([matthews(column, values) for column, values in zip(labels.T, scores.T, strict=True)])


def share_of_right(labels: Labels, scores: Scores) -> float:
    """Accuracy of the column with the highest score in each row."""
    return accuracy(labels.argmax(1), scores.argmax(1))


def label_ranking(labels: Labels, scores: Scores) -> float:
    """Label-weighted label-ranking average precision."""
    return lwlrap(scores, labels)


METRICS: Mapping[str, Score] = {"auc": auc, "mcc": correlation, "accuracy": share_of_right, "lwlrap": label_ranking}


def _mean(values: list[float]) -> float:
    defined = [value for value in values if not math.isnan(value)]
    return sum(defined) / len(defined) if defined else math.nan
