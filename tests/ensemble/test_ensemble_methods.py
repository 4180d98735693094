"""Each way to merge, against numbers worked out by hand."""

import numpy as np
import pytest

from cockpit.ensemble.methods import hill_climb, mean, normalised, power_mean, rank_mean, weighted_mean

# Two members, three rows, one column.
STACK = np.array([[[0.2], [0.4], [0.9]], [[0.8], [0.0], [0.8]]])


def column(values):
    return np.array(values)[:, None]


def test_the_mean():
    np.testing.assert_allclose(mean(STACK), column([0.5, 0.2, 0.85]))


def test_the_rank_mean_counts_order_alone_and_shares_ranks_of_equals():
    # First member: ranks 1, 2, 3. Second: 2.5, 1, 2.5. Minus a half, over three rows, mean of both.
    expected = column([(0.5 + 2.0) / 6, (1.5 + 0.5) / 6, (2.5 + 2.0) / 6])
    np.testing.assert_allclose(rank_mean(STACK), expected)
    np.testing.assert_allclose(rank_mean(np.exp(10 * STACK)), expected)


@pytest.mark.parametrize(
    ("power", "expected"),
    [
        (1, [0.5, 0.2, 0.85]),
        (2, [0.34**0.5, 0.08**0.5, 0.725**0.5]),
        (0, [0.16**0.5, 0.0, 0.72**0.5]),
        (-1, [2 / (5 + 1.25), 0.0, 2 / (1 / 0.9 + 1.25)]),
        (100, [0.8 * 0.5**0.01, 0.4 * 0.5**0.01, 0.9 * ((1 + (8 / 9) ** 100) / 2) ** 0.01]),
    ],
)
def test_the_power_mean(power, expected):
    np.testing.assert_allclose(power_mean(STACK, power), column(expected), atol=1e-9)


def test_the_power_mean_of_zeros_and_of_large_numbers_is_defined():
    assert power_mean(np.zeros((2, 1, 1)), 3.0) == 0.0
    np.testing.assert_allclose(power_mean(np.full((2, 1, 1), 1e200), 50.0), [[1e200]])
    with pytest.raises(ValueError, match="below 0"):
        power_mean(-STACK, 2.0)


def test_the_weighted_mean_does_not_depend_on_the_sum_of_weights():
    expected = column([0.7 * 0.2 + 0.3 * 0.8, 0.7 * 0.4, 0.7 * 0.9 + 0.3 * 0.8])
    np.testing.assert_allclose(weighted_mean(STACK, (0.7, 0.3)), expected)
    np.testing.assert_allclose(weighted_mean(STACK, (7, 3)), expected)
    for wrong in ((0, 0), (-1, 2), (float("nan"), 1)):
        with pytest.raises(ValueError, match="not from 0 up"):
            normalised(wrong)


def test_hill_climbing_takes_what_helps_most_and_the_same_again():
    """Three constant members, 0, 1 and 5; a mean is the better the nearer it is to 0.8.

    Best alone: 1 (distance 0.2). Two: with 1 again 1.0 (0.2), with 0 0.5 (0.3): 1 again. Three: 0 makes 2/3 (0.133).
    Four: 1 makes 3/4 (0.05). Five: 1 makes 4/5 (0). No later one is better, so shares are 1/5 and 4/5.
    """
    stack = np.array([0.0, 1.0, 5.0]).reshape(3, 1, 1)
    shares = hill_climb(stack, lambda merged: -abs(float(merged[0, 0]) - 0.8), rounds=20)
    np.testing.assert_allclose(shares, [0.2, 0.8, 0.0])
    np.testing.assert_allclose(hill_climb(stack, lambda merged: -abs(float(merged[0, 0]) - 0.8), rounds=2), [0, 1, 0])


def test_hill_climbing_takes_the_first_of_equals_and_the_smallest_ensemble():
    stack = np.ones((3, 2, 1))
    np.testing.assert_array_equal(hill_climb(stack, lambda merged: 0.5, rounds=5), [1, 0, 0])
    np.testing.assert_allclose(hill_climb(stack, lambda merged: float("nan"), rounds=5), [1 / 3] * 3)
