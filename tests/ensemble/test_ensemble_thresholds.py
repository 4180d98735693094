"""The best threshold of a column, against numbers worked out by hand and against trying every one."""

import numpy as np
import pytest

from cockpit.ensemble.crossfit import deal_parts
from cockpit.ensemble.thresholds import MEASURES, best_threshold, measured, search_threshold
from trainers.metrics.matthews import matthews, matthews_of_counts

LABELS = np.array([1, 0, 1, 1, 0, 0])
SCORES = np.array([0.9, 0.8, 0.7, 0.7, 0.2, 0.1])


def test_f1_and_matthews_by_hand():
    """From 0.7 on rows 0 to 3 are found: TP 3, FP 1, FN 0, TN 2; half-way to the next is 0.45. At 0.9: TP 1, FN 2."""
    assert best_threshold(LABELS, SCORES, MEASURES["f1"]) == (pytest.approx(0.45), pytest.approx(6 / 7))
    assert best_threshold(LABELS, SCORES, MEASURES["mcc"]) == (
        pytest.approx(0.45),
        pytest.approx(6 / (4 * 3 * 3 * 2) ** 0.5),
    )
    assert measured(LABELS, SCORES >= 0.9, MEASURES["f1"]) == pytest.approx(1 / 2)
    assert measured(LABELS, SCORES >= 2.0, MEASURES["f1"]) == 0.0


@pytest.mark.parametrize("name", MEASURES)
def test_no_other_threshold_is_better(name):
    generator = np.random.default_rng(3)
    labels = generator.integers(0, 2, 200)
    scores = np.round(labels + generator.standard_normal(200), 1)
    value, best = best_threshold(labels, scores, MEASURES[name])
    tried = {threshold: measured(labels, scores >= threshold, MEASURES[name]) for threshold in scores}
    assert best == pytest.approx(max(tried.values()))
    assert measured(labels, scores >= value, MEASURES[name]) == best
    highest = max(threshold for threshold, score in tried.items() if score == pytest.approx(best))
    assert highest - 0.1 < value <= highest


def test_many_tables_are_scored_as_one_is():
    found = np.array([[3, 1, 0, 2], [0, 0, 3, 3], [5, 5, 0, 0]]).T
    expected = [matthews(LABELS, (SCORES >= 0.7).astype(float)), 0.0, 0.0]
    np.testing.assert_allclose(matthews_of_counts(*found), expected)


def test_noise_scores_in_sample_and_not_on_rows_that_the_threshold_has_not_seen():
    generator = np.random.default_rng(5)
    labels, scores = generator.integers(0, 2, 60), generator.random(60)
    clusters = np.arange(60) // 2
    found = search_threshold(labels, scores, deal_parts(clusters), MEASURES["mcc"])
    assert found.in_sample > 0.1
    assert found.score < found.in_sample - 0.1
    sure = search_threshold(labels, labels + 0.1 * scores, deal_parts(clusters), MEASURES["mcc"])
    assert (sure.score, sure.in_sample) == (pytest.approx(1.0), pytest.approx(1.0))


def test_a_column_without_positives_has_no_score():
    found = search_threshold(np.zeros(8, dtype=np.int64), np.arange(8.0), deal_parts(np.arange(8)), MEASURES["f1"])
    assert (found.score, found.in_sample) == (0.0, 0.0)
