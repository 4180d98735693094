"""lwlrap by hand, beside scikit-learn's figure of every row, and where rows have nothing to say."""

from __future__ import annotations

import math

import numpy as np
import pytest
from sklearn.metrics import label_ranking_average_precision_score

from trainers.metrics.lwlrap import lrap, lwlrap, per_class_lwlrap

# Row 0: labels at places 1 and 3 of 4, so 1/1 and 2/3. Row 1: its only label at place 2 of 4, so 1/2.
SCORES = np.array([[0.9, 0.5, 0.7, 0.1], [0.2, 0.8, 0.6, 0.4]])
LABELS = np.array([[1, 1, 0, 0], [0, 0, 1, 0]])


def test_by_hand() -> None:
    assert lwlrap(SCORES, LABELS) == pytest.approx((1 + 2 / 3 + 1 / 2) / 3)
    assert lrap(SCORES, LABELS) == pytest.approx(((1 + 2 / 3) / 2 + 1 / 2) / 2)
    values, weights = per_class_lwlrap(SCORES, LABELS)
    assert values[:3] == pytest.approx([1, 2 / 3, 1 / 2])
    assert math.isnan(values[3])
    assert weights == pytest.approx([1 / 3, 1 / 3, 1 / 3, 0])


def test_against_the_rows_of_scikit_learn() -> None:
    generator = np.random.default_rng(0)
    labels = (generator.random((200, 12)) < 0.2).astype(int)
    labels[np.arange(200), generator.integers(0, 12, 200)] = 1
    scores = generator.integers(0, 5, (200, 12)) / 4.0  # many are equal
    rows = np.array([label_ranking_average_precision_score(labels[[row]], scores[[row]]) for row in range(200)])
    count = labels.sum(1)
    assert lwlrap(scores, labels) == pytest.approx((rows * count).sum() / count.sum())
    assert lrap(scores, labels) == pytest.approx(rows.mean())
    values, weights = per_class_lwlrap(scores, labels)
    assert (values * weights).sum() == pytest.approx(lwlrap(scores, labels))


def test_saying_the_same_of_all_labels_gains_nothing() -> None:
    assert lwlrap(np.zeros((2, 4)), LABELS) == pytest.approx((2 / 4 + 2 / 4 + 1 / 4) / 3)
    assert lwlrap(np.full((2, 4), np.nan), LABELS) == lwlrap(np.zeros((2, 4)), LABELS)


def test_a_score_that_is_no_number_stands_last() -> None:
    scores = SCORES.copy()
    scores[1, 2] = np.nan
    assert lwlrap(scores, LABELS) == pytest.approx((1 + 2 / 3 + 1 / 4) / 3)


def test_rows_without_labels_say_nothing() -> None:
    assert lwlrap(np.vstack([SCORES, SCORES]), np.vstack([LABELS, 0 * LABELS])) == lwlrap(SCORES, LABELS)
    assert lrap(np.vstack([SCORES, SCORES]), np.vstack([LABELS, 0 * LABELS])) == lrap(SCORES, LABELS)
    assert math.isnan(lwlrap(SCORES, 0 * LABELS))
    assert math.isnan(lrap(SCORES, 0 * LABELS))
