"""Merges members in one way after the other, and says of each what it is worth on rows that it was not fitted to."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from cockpit.ensemble import methods
from cockpit.ensemble.crossfit import Gain, cross_fitted, deal_parts, paired_gain
from cockpit.ensemble.members import Aligned
from cockpit.ensemble.scoring import METRICS, Score
from cockpit.store.folder import FolderError

SINGLE = "single"
METHODS = ("mean", "rank", "power", "weights", "climb")
FITTED = ("weights", "climb")  # their weights are chosen by the labels of the rows
ROUNDS = 50  # of hill climbing: shares in steps of a fiftieth
Weights = NDArray[np.float64]


@dataclass(frozen=True)
class Options:
    """`power` is that of the power mean, `trials` how often weights are tried, `seed` that of the search and parts."""

    methods: tuple[str, ...] = METHODS
    power: float = 2.0
    trials: int = 200
    seed: int = 0


@dataclass(frozen=True)
class Outcome:
    """One way to merge, or a member by itself. `weights` are shares by member, in the order of `members`.

    `scores` (rows, columns) and their `score` are cross-fitted where weights are fitted: what stands for a row comes
    of weights that have not seen it. `in_sample` is then the score with the weights of all rows, else None. `gain` is
    that over the best single member, None for the single ones.
    """

    method: str
    members: tuple[str, ...]
    weights: tuple[float, ...]
    scores: NDArray[np.float64]
    score: float
    in_sample: float | None = None
    gain: Gain | None = None
    settings: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True)
class Blend:
    """Single members in their order, then what they were merged to. `skipped` says why methods were left out."""

    aligned: Aligned
    parts: int
    singles: tuple[Outcome, ...]
    merged: tuple[Outcome, ...]
    skipped: Mapping[str, str]

    @property
    def outcomes(self) -> tuple[Outcome, ...]:
        """The single ones and then the merged ones, as they are recorded."""
        return (*self.singles, *self.merged)

    @property
    def best_single(self) -> Outcome:
        return best(self.singles)


def blend(aligned: Aligned, options: Options, tell: Callable[[str], None] = lambda method: None) -> Blend:
    """Score every member, and every method, which `tell` hears of before its turn.

    Raises `FolderError` where nothing can be scored or merged.
    """
    if len(aligned.members) < 2:
        raise FolderError(f"{aligned.members[0].name}: cannot be merged with nothing; name two experiments or more")
    score = _score_for(aligned)
    parts = _parts(aligned, options)
    singles = tuple(_single(aligned, number, score) for number in range(len(aligned.members)))
    rival = best(singles)
    merged, skipped = [], {}
    for method in options.methods:
        tell(method)
        try:
            outcome = _merge(aligned, method, options, parts, score)
        except ValueError as error:
            skipped[method] = str(error)
            continue
        gain = paired_gain(aligned.labels, outcome.scores, rival.scores, aligned.clusters, score)
        merged.append(replace(outcome, gain=gain))
    if not merged:
        raise FolderError(f"{', '.join(skipped)}: {'; '.join(skipped.values())}; choose another --method")
    return Blend(aligned, int(parts.max()) + 1, singles, tuple(merged), skipped)


def best(outcomes: Sequence[Outcome]) -> Outcome:
    """The one with the highest score, of equals the first."""
    return max(outcomes, key=lambda outcome: -np.inf if np.isnan(outcome.score) else outcome.score)


def _score_for(aligned: Aligned) -> Score:
    score = METRICS.get(aligned.metric)
    if score is None:
        raise FolderError(
            f"{aligned.members[0].name}: is ranked by {aligned.metric[:60]!r}, which cannot be computed of merged "
            f"predictions; can be: {', '.join(METRICS)}"
        )
    if np.isnan(score(aligned.labels, aligned.scores[0])):
        raise FolderError(
            f"{', '.join(member.name for member in aligned.members)}: {aligned.metric} is not defined on the "
            f"{len(aligned.ids)} rows that all have, where a column has one label only"
        )
    return score


def _parts(aligned: Aligned, options: Options) -> NDArray[np.int64]:
    try:
        return deal_parts(aligned.clusters, seed=options.seed)
    except ValueError:
        if set(options.methods) & set(FITTED) and len(options.methods) == 1:
            raise FolderError(
                f"{aligned.members[0].name}: all rows are of one group, so weights cannot be fitted on some and scored "
                "on others; choose another --method"
            ) from None
        return np.zeros(len(aligned.ids), dtype=np.int64)


def _single(aligned: Aligned, number: int, score: Score) -> Outcome:
    scores = aligned.scores[number]
    return Outcome(SINGLE, (aligned.members[number].name,), (1.0,), scores, score(aligned.labels, scores))


def _merge(aligned: Aligned, method: str, options: Options, parts: NDArray[np.int64], score: Score) -> Outcome:
    """Raises `ValueError` where the method does not go with these scores."""
    stack, labels = aligned.scores, aligned.labels
    names = tuple(member.name for member in aligned.members)
    if method in FITTED:
        return _fitted(aligned, method, options, parts, score)
    equal = tuple(1.0 / len(names) for _ in names)
    merge: dict[str, Callable[[], NDArray[np.float64]]] = {
        "mean": lambda: methods.mean(stack),
        "rank": lambda: methods.rank_mean(stack),
        "power": lambda: methods.power_mean(stack, options.power),
    }
    scores = merge[method]()
    settings = {"power": options.power} if method == "power" else {}
    return Outcome(method, names, equal, scores, score(labels, scores), settings=settings)


def _fitted(aligned: Aligned, method: str, options: Options, parts: NDArray[np.int64], score: Score) -> Outcome:
    if not parts.any():
        raise ValueError("all rows are of one group, so weights cannot be scored on other rows than they are fitted on")
    stack, labels = aligned.scores, aligned.labels
    fit = _fitter(method, options, score)

    def fit_and_apply(rows: NDArray[np.int64], held_out: NDArray[np.int64]) -> NDArray[np.float64]:
        return methods.weighted_mean(stack[:, held_out], fit(stack[:, rows], labels[rows]))

    scores = cross_fitted(fit_and_apply, parts)
    weights = fit(stack, labels)
    return Outcome(
        method,
        tuple(member.name for member in aligned.members),
        tuple(weights.tolist()),
        scores,
        score(labels, scores),
        in_sample=score(labels, methods.weighted_mean(stack, weights)),
        settings={"trials": options.trials} if method == "weights" else {"rounds": ROUNDS},
    )


def _fitter(method: str, options: Options, score: Score) -> Callable[[NDArray[np.float64], NDArray[np.int8]], Weights]:
    def climb(stack: NDArray[np.float64], labels: NDArray[np.int8]) -> Weights:
        return methods.hill_climb(stack, lambda merged: score(labels, merged), ROUNDS)

    def search(stack: NDArray[np.float64], labels: NDArray[np.int8]) -> Weights:
        from cockpit.ensemble.weights import search_weights  # brings Optuna, which the other methods do without

        def score_of(weights: Weights) -> float:
            return score(labels, methods.weighted_mean(stack, weights))

        return search_weights(score_of, len(stack), options.trials, options.seed)

    return climb if method == "climb" else search
