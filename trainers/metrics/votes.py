"""Row F1 of a vote: two postings match where enough voters say so."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from trainers.data.voters import Voters
from trainers.metrics.match_scores import MatchScores, match_scores


@dataclass(frozen=True)
class Ballot:
    """`votes` (pairs,) for each pair; `matched` (pairs,) where they are enough.

    `forced` (rows,) is the pair by which a row that matches nothing else gets a match all the same, else -1.
    """

    votes: NDArray[np.uint8]
    matched: NDArray[np.bool_]
    forced: NDArray[np.int64]


def cosine_of(distance: float) -> float:
    """The cosine of unit vectors that are so far apart: |a − b|² = 2 − 2·a·b."""
    return 1.0 - distance * distance / 2.0


def vote(voters: Voters, thresholds: list[tuple[int, float]], least_votes: int, min_matches: int) -> Ballot:
    """Every pair of `(output, least cosine)` in `thresholds` is a voter.

    With `min_matches` of 2 a row without any match gets the pair with the most votes, of equals the most similar one on
    average, of those the first.
    """
    votes = np.zeros(len(voters.first), dtype=np.uint8)
    for output, least in thresholds:
        # The comparison is made in the precision of the similarities, whatever that of the threshold is.
        votes += voters.cosines[output] >= np.float32(least)
    matched = votes >= least_votes
    forced = np.full(len(voters.ids), -1, dtype=np.int64)
    if min_matches >= 2:
        _force(voters, votes, matched, forced)
    return Ballot(votes, matched, forced)


def scores_of(voters: Voters, ballot: Ballot) -> MatchScores:
    """F1, precision and recall of every row, each (rows,); a row is always its own match."""
    rows = len(voters.ids)
    _, number, sizes = np.unique(voters.groups, return_inverse=True, return_counts=True)
    forced_same = (ballot.forced >= 0) & voters.same[ballot.forced] if len(voters.first) else np.zeros(rows, dtype=bool)
    predicted = 1 + _degrees(voters, ballot.matched) + (ballot.forced >= 0)
    hits = 1 + _degrees(voters, ballot.matched & voters.same) + forced_same
    return match_scores(hits, predicted, sizes[number])


def matches_of(voters: Voters, ballot: Ballot) -> list[str]:
    """The ids that each row matches, itself first, with spaces between them."""
    found: list[list[str]] = [[name] for name in voters.ids.tolist()]
    for one, other in zip(voters.first[ballot.matched].tolist(), voters.second[ballot.matched].tolist(), strict=True):
        found[one].append(found[other][0])
        found[other].append(found[one][0])
    for row in np.flatnonzero(ballot.forced >= 0).tolist():
        pair = ballot.forced[row]
        found[row].append(found[int(voters.first[pair] + voters.second[pair]) - row][0])
    return [" ".join(names) for names in found]


def _degrees(voters: Voters, chosen: NDArray[np.bool_]) -> NDArray[np.int64]:
    """How many of the chosen pairs each row is in."""
    rows = len(voters.ids)
    places = np.flatnonzero(chosen)
    return np.bincount(voters.first[places], minlength=rows) + np.bincount(voters.second[places], minlength=rows)


def _force(voters: Voters, votes: NDArray[np.uint8], matched: NDArray[np.bool_], forced: NDArray[np.int64]) -> None:
    """Writes the best pair of every row that is in no matched one."""
    alone = _degrees(voters, matched) == 0
    ends = [(end, np.flatnonzero(alone[end])) for end in (voters.first, voters.second)]
    rows = np.concatenate([end[pairs] for end, pairs in ends])
    pairs = np.concatenate([pairs for _, pairs in ends])
    # Similarities are from -1 to 1, so a quarter of them orders pairs of equal votes and no others.
    worth = votes[pairs] + voters.typical[pairs].astype(np.float64) / 4.0
    most = np.full(len(forced), -np.inf)
    np.maximum.at(most, rows, worth)
    best = worth == most[rows]
    chosen = np.full(len(forced), len(votes), dtype=np.int64)
    np.minimum.at(chosen, rows[best], pairs[best])
    found = chosen < len(votes)
    forced[found] = chosen[found]
