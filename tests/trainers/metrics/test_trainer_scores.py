from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from sklearn.metrics import matthews_corrcoef, roc_auc_score

from trainers.metrics.accuracy import accuracy, bootstrap_interval, mean_interval
from trainers.metrics.matthews import matthews
from trainers.metrics.roc_auc import roc_auc
from trainers.metrics.running import RunningScores


def sample(rows: int = 300, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Labels, and probabilities with many ties that know a little about them."""
    random = np.random.default_rng(seed)
    labels = (random.random(rows) < 0.3).astype(np.int64)
    return labels, np.clip(random.normal(0.4 + 0.2 * labels, 0.2), 0, 1).round(2)


def test_auc_counts_pairs_in_the_right_order() -> None:
    # Of the pairs (.4 > .1), (.4 = .4), (.8 > .1), (.8 > .4) three are in order and one is a tie.
    labels, scores = np.array([0, 1, 0, 1]), np.array([0.1, 0.4, 0.4, 0.8])
    assert roc_auc(labels, scores) == (3 + 0.5) / 4
    assert roc_auc(labels, 1 - scores) == pytest.approx(0.5 / 4)
    labels, scores = sample()
    assert roc_auc(labels, scores) == pytest.approx(roc_auc_score(labels, scores), abs=1e-12)


def test_auc_of_one_class_or_of_nan_is_zero() -> None:
    assert roc_auc(np.ones(3, dtype=int), np.arange(3.0)) == 0.0
    assert roc_auc(np.array([0, 1]), np.array([0.1, np.nan])) == 0.0
    assert math.isnan(roc_auc(np.zeros(3, dtype=int), np.arange(3.0), undefined=math.nan))


def test_matthews_is_that_of_the_table() -> None:
    # TP 3, TN 2, FP 1, FN 1.
    labels = np.array([1, 1, 1, 1, 0, 0, 0])
    probabilities = np.array([0.9, 0.8, 0.51, 0.5, 0.1, 0.5, 0.7])
    assert matthews(labels, probabilities) == pytest.approx((3 * 2 - 1 * 1) / math.sqrt(4 * 4 * 3 * 3))
    labels, probabilities = sample()
    assert matthews(labels, probabilities) == pytest.approx(matthews_corrcoef(labels, probabilities > 0.5))
    assert matthews(labels, np.zeros(300)) == 0.0
    many = np.tile([0, 1], 200_000)
    assert matthews(many, many.astype(float)) == pytest.approx(1.0), "products that do not fit into 64 bits"


def test_intervals_are_as_wide_as_chance_moves_a_metric() -> None:
    labels = np.array([1] * 80 + [0] * 20)
    low, high = bootstrap_interval(lambda rows: accuracy(labels[rows], np.ones(100)), 100)
    # The share of 100 draws at 0.8 has a standard deviation of 0.04.
    assert (low, high) == pytest.approx((0.8 - 1.96 * 0.04, 0.8 + 1.96 * 0.04), abs=0.02)
    assert bootstrap_interval(lambda rows: accuracy(labels[rows], np.ones(100)), 100) == (low, high)


def test_resamples_without_both_classes_do_not_count() -> None:
    labels, scores = np.array([1, 0, 0]), np.array([0.9, 0.1, 0.2])
    assert bootstrap_interval(lambda rows: roc_auc(labels[rows], scores[rows], math.nan), 3) == (1.0, 1.0)
    low, high = bootstrap_interval(lambda rows: math.nan, 3)
    assert math.isnan(low) and math.isnan(high)
    assert all(map(math.isnan, bootstrap_interval(lambda rows: 1.0, 0)))


def test_running_scores_are_those_of_all_rows_since_the_pass_began() -> None:
    running = RunningScores()
    labels, scores = sample(60)
    running.add(torch.zeros(5), torch.ones(5))
    running.restart()
    assert running.scores() == {}
    for rows in (slice(0, 20), slice(20, 40)):
        running.add(torch.tensor(scores[rows]), torch.tensor(labels[rows]))
    parts = [tensor.flatten().tolist() for tensor in running.hand_over()]
    running.take(parts)
    assert running.hand_over() == []
    other = RunningScores()
    other.load_state_dict(running.state_dict())
    for one in (running, other):
        one.take([torch.tensor(np.stack([scores, labels], 1)[40:]).flatten().tolist()])
        assert one.scores()["final_score"] == pytest.approx(roc_auc_score(labels, scores))
        assert one.scores()["mc_score"] == pytest.approx(matthews_corrcoef(labels, scores > 0.5))


def test_intervals_of_a_mean_are_those_of_rows_drawn_anew() -> None:
    values = np.random.default_rng(0).random(40)
    assert mean_interval(values) == bootstrap_interval(lambda rows: float(values[rows].mean()), rows=40)
    assert all(math.isnan(end) for end in mean_interval(np.array([])))


def test_rows_of_one_group_tell_as_much_as_one_row() -> None:
    of_groups = np.random.default_rng(0).random(40)
    copies, groups = np.repeat(of_groups, 25), np.repeat(np.arange(40).astype(str), 25)
    low, high = mean_interval(copies, groups)
    assert (low, high) == pytest.approx(mean_interval(of_groups), abs=0.02)
    narrow = mean_interval(copies)
    assert narrow[1] - narrow[0] < (high - low) / 3
    assert all(math.isnan(end) for end in mean_interval(copies, np.zeros(len(copies))))
