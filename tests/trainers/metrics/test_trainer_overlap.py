from __future__ import annotations

import math

import numpy as np
import pytest

from trainers.data import probe
from trainers.metrics.overlap import Overlap, overlap
from trainers.metrics.pair_auc import pair_auc


def test_the_scores_are_those_of_the_counts() -> None:
    """TP 26, FP 32, FN 14 of 400 cells, as the original's author got: Jaccard 26/72, F1 52/98, accuracy 354/400."""
    expected = np.arange(400) < 40
    predicted = (np.arange(400) >= 14) & (np.arange(400) < 72)
    found = overlap(predicted, expected)
    assert (found.jaccard, found.f1, found.accuracy) == pytest.approx((26 / 72, 52 / 98, 354 / 400))
    assert found.f1 == pytest.approx(0.5306, abs=1e-4)


def test_trivial_answers_to_the_probe() -> None:
    """Of 400 cells 40 are marked, 20 of them on the diagonal."""
    found = {name: overlap(answer, probe.expected()) for name, answer in probe.trivial().items()}
    assert found["zeros"] == Overlap(0.0, 0.0, 0.9)
    assert found["ones"] == Overlap(0.1, pytest.approx(2 / 11), 0.1)
    assert found["diagonal"] == Overlap(0.5, pytest.approx(2 / 3), 0.95)


def test_nothing_expected_and_nothing_predicted_is_no_division_by_zero() -> None:
    assert overlap(np.zeros(3, bool), np.zeros(3, bool)) == Overlap(0.0, 0.0, 1.0)


def test_the_probe_is_clipped_at_mean_and_deviation() -> None:
    """Mean 0.3, standard deviation √0.05 = 0.2236: only what is above 0.5236 stands out."""
    similarity = np.array([[0.6, 0.2], [0.4, 0.0]], np.float32)
    assert probe.clipped(similarity).tolist() == [[True, False], [False, False]]
    assert probe.clipped(np.ones((2, 2), np.float32)).tolist() == [[False, False], [False, False]]


def test_the_probe_has_ten_pairs_of_sentences() -> None:
    assert len(set(probe.sentences())) == 20
    assert probe.expected().sum() == 40
    assert probe.expected()[0].tolist() == [True, True] + [False] * 18


def test_pair_auc_counts_the_pairs_in_the_right_order() -> None:
    """Within: 0.9 and 0.5. Across: 0.1, 0.5, 0.2, 0.6. Of the 8 comparisons 4 + 2 are won and one is a draw: 6.5/8."""
    similarity = np.zeros((4, 4), np.float32)
    values = {(0, 1): 0.9, (2, 3): 0.5, (0, 2): 0.1, (0, 3): 0.5, (1, 2): 0.2, (1, 3): 0.6}
    for (row, column), value in values.items():
        similarity[row, column] = similarity[column, row] = value
    assert pair_auc(similarity, np.array([0, 0, 1, 1])) == pytest.approx(6.5 / 8)


def test_pairs_of_one_kind_only_have_no_order() -> None:
    assert math.isnan(pair_auc(np.ones((3, 3), np.float32), np.array([0, 0, 0])))
    assert math.isnan(pair_auc(np.ones((3, 3), np.float32), np.array([0, 1, 2])))
