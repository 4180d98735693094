"""Weights that are searched for, and scores on rows that nothing was fitted to."""

import numpy as np
import pytest

from cockpit.ensemble.crossfit import cross_fitted, deal_parts, paired_gain
from cockpit.ensemble.scoring import METRICS, auc, share_of_right
from cockpit.ensemble.weights import search_weights


def test_weights_come_near_the_best_ones_and_one_seed_finds_them_again():
    def score(weights):
        return -float(np.abs(weights - [0.7, 0.3, 0.0]).sum())

    found = search_weights(score, 3, trials=150, seed=1)
    assert found.sum() == pytest.approx(1.0)
    assert score(found) > -0.1
    np.testing.assert_array_equal(found, search_weights(score, 3, trials=150, seed=1))


def test_of_equal_weights_the_simplest_are_taken_and_undefined_scores_never_win():
    np.testing.assert_allclose(search_weights(lambda weights: 0.5, 3, trials=20, seed=0), [1 / 3] * 3)
    only_second = search_weights(lambda weights: 1.0 if weights[1] == 1 else float("nan"), 3, trials=20, seed=0)
    np.testing.assert_array_equal(only_second, [0, 1, 0])


def test_parts_cut_no_group_differ_little_and_have_nothing_to_do_with_the_order_of_rows():
    clusters = np.repeat(np.arange(60), 1 + np.arange(60) % 4)
    parts = deal_parts(clusters, parts=5, seed=0)
    assert all(len(set(parts[clusters == cluster])) == 1 for cluster in range(60))
    assert np.ptp(np.bincount(parts)) <= 4
    np.testing.assert_array_equal(parts, deal_parts(clusters, parts=5, seed=0))
    assert (parts != deal_parts(clusters, parts=5, seed=1)).any()
    single = deal_parts(np.arange(100), parts=5)
    # Every fifth row is of one kind; dealt in the order of rows each part would have rows of one kind only.
    assert all(1 <= (single[kind::5] == 0).sum() <= 12 for kind in range(5))
    assert sorted(set(deal_parts(np.array([7, 7, 9]), parts=5))) == [0, 1]
    with pytest.raises(ValueError, match="one group"):
        deal_parts(np.zeros(4, dtype=np.int64))


def test_each_row_gets_what_was_fitted_on_other_parts():
    values = np.array([1.0, 2.0, 3.0, 4.0, 5.0])
    parts = np.array([1, 0, 1, 0, 2])
    found = cross_fitted(lambda rows, held_out: np.full((len(held_out), 1), values[rows].sum()), parts)
    np.testing.assert_array_equal(found[:, 0], [11.0, 9.0, 11.0, 9.0, 10.0])


def test_the_gain_is_paired_and_its_interval_widens_where_rows_hang_together():
    generator = np.random.default_rng(0)
    labels = np.eye(2, dtype=np.int64)[generator.integers(0, 2, 200)]
    right, clusters = labels.astype(float), np.repeat(np.arange(20), 10)
    # The other one is wrong in two whole groups of ten.
    other = np.where(np.isin(clusters, (3, 8))[:, None], 1.0 - right, right)
    by_row = paired_gain(labels, right, other, np.arange(200), share_of_right)
    by_group = paired_gain(labels, right, other, clusters, share_of_right)
    assert by_row.value == by_group.value == pytest.approx(0.1)
    assert 0 <= by_group.low < by_row.low < 0.1 < by_row.high < by_group.high
    none = paired_gain(labels, other, other, clusters, share_of_right)
    assert (none.value, none.low, none.high) == (0.0, 0.0, 0.0)
    one_group = paired_gain(labels, right, other, np.zeros(200, dtype=np.int64), share_of_right)
    assert one_group.value == pytest.approx(0.1)
    assert np.isnan([one_group.low, one_group.high]).all()


def test_scores_are_those_of_the_trainers():
    labels = np.array([[1, 0, 1], [0, 0, 1], [1, 1, 1], [0, 1, 1]])
    scores = np.array([[0.9, 0.6, 0.1], [0.2, 0.7, 0.2], [0.1, 0.8, 0.3], [0.0, 0.1, 0.4]])
    # Column 1: 3 of 4 pairs in order; column 2: 2 of 4; column 3 has one label only and does not count.
    assert auc(labels, scores) == pytest.approx((0.75 + 0.5) / 2)
    assert np.isnan(auc(labels[:, 2:], scores[:, 2:]))
    assert share_of_right(np.eye(3)[[0, 1, 2, 2]].astype(int), scores) == pytest.approx(3 / 4)
    # Row 0: 1 and 2/3; row 1 at the last place of two equal scores: 1/3; the other two rows are in order.
    precisions = [1, 2 / 3, 1 / 3, 1, 1, 1, 1, 1]
    assert METRICS["lwlrap"](labels, scores) == pytest.approx(sum(precisions) / 8)
    # Found are rows 0 (right) of column 1: TP 1, FN 1, TN 2.
    assert METRICS["mcc"](labels[:, :1], scores[:, :1]) == pytest.approx(2 / (1 * 2 * 2 * 3) ** 0.5)
