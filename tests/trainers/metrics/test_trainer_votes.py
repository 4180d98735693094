from __future__ import annotations

import numpy as np
import pytest

from trainers.data.voters import Voters
from trainers.metrics.match_scores import match_scores
from trainers.metrics.votes import cosine_of, matches_of, scores_of, vote

# Five rows: a, b and c of group x, d and e of group y. Pairs with what two outputs say of them.
PAIRS = [(0, 1), (0, 2), (0, 3), (1, 2), (3, 4), (2, 4)]
COSINES = [[0.9, 0.6, 0.7, 0.5, 0.4, 0.3], [0.8, 0.4, 0.2, 0.7, 0.5, 0.1]]


def voters() -> Voters:
    first, second = np.array(PAIRS, dtype=np.int32).T
    cosines = np.array(COSINES, dtype=np.float32)
    groups = np.array(["x", "x", "x", "y", "y"])
    return Voters(
        members=("m",),
        outputs=((0, "image"), (0, "text")),
        ids=np.array(["a", "b", "c", "d", "e"]),
        groups=groups,
        first=first,
        second=second,
        same=groups[first] == groups[second],
        cosines=cosines,
        typical=cosines.mean(axis=0),
    )


def test_distances_of_unit_vectors_are_cosines() -> None:
    one, other = np.array([1.0, 0.0]), np.array([0.6, 0.8])
    assert cosine_of(float(np.linalg.norm(one - other))) == pytest.approx(0.6)
    assert (cosine_of(0.0), cosine_of(2.0)) == (1.0, -1.0)


def test_votes_are_counted_and_enough_of_them_match() -> None:
    """Output 0 votes from 0.6 and from 0.5 on, output 1 from 0.4 on."""
    ballot = vote(voters(), [(0, 0.6), (0, 0.5), (1, 0.4)], least_votes=2, min_matches=1)
    assert ballot.votes.tolist() == [3, 3, 2, 2, 1, 0]
    assert ballot.matched.tolist() == [True, True, True, True, False, False]
    assert matches_of(voters(), ballot) == ["a b c d", "b a c", "c a b", "d a", "e"]
    scores = scores_of(voters(), ballot)
    # |T| 3 3 3 2 2, |P| 4 3 3 2 1, |T∩P| 3 3 3 1 1.
    np.testing.assert_allclose(scores.f1, [6 / 7, 1, 1, 1 / 2, 2 / 3])
    np.testing.assert_allclose(scores.precision, [3 / 4, 1, 1, 1 / 2, 1])
    np.testing.assert_allclose(scores.recall, [1, 1, 1, 1 / 2, 1 / 2])


def test_a_row_alone_gets_the_pair_with_most_votes_and_of_equals_the_most_similar() -> None:
    ballot = vote(voters(), [(0, 0.55), (1, 0.75)], least_votes=2, min_matches=2)
    assert ballot.votes.tolist() == [2, 1, 1, 0, 0, 0]
    # c: (a, c) has a vote. d: (a, d) has one. e: no pair has any, and (d, e) is more similar on average than (c, e).
    assert matches_of(voters(), ballot) == ["a b", "b a", "c a", "d a", "e d"]
    np.testing.assert_allclose(scores_of(voters(), ballot).f1, [4 / 5, 4 / 5, 4 / 5, 1 / 2, 1])
    alone = vote(voters(), [(0, 0.55), (1, 0.75)], least_votes=2, min_matches=1)
    np.testing.assert_allclose(scores_of(voters(), alone).f1, [4 / 5, 4 / 5, 1 / 2, 2 / 3, 2 / 3])


def test_more_votes_than_voters_leave_everybody_alone() -> None:
    ballot = vote(voters(), [(0, -1.0)], least_votes=2, min_matches=1)
    assert not ballot.matched.any()
    assert matches_of(voters(), ballot) == list("abcde")


def test_scores_from_counts() -> None:
    found = match_scores(np.array([2]), np.array([4]), np.array([3]))
    assert (found.f1[0], found.precision[0], found.recall[0]) == (pytest.approx(4 / 7), 0.5, pytest.approx(2 / 3))
