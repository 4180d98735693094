"""What checks of an experiment's record look at. Of the trials a few are watched closely, so that many cost no more."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from cockpit.store import ranking
from cockpit.store.data_wait import WAIT
from cockpit.store.reader import Index
from cockpit.store.rows import FrozenRow, NormRow, SweepRow, TrialRow
from cockpit.store.series import Bucket

MOST_WATCHED = 8
BUCKETS = 40  # parts that the steps of a trial are looked at in
MOST_NORM_ROWS = 20_000
COMPILES = "compiles"  # graphs that the device has compiled so far, where it compiles any


@dataclass(frozen=True)
class Evidence:
    """`trivial` has scores without a model by trial and metric. What has a trial's id as key is of watched trials.

    `gaps` are the differences between CV and LB of the experiments before, oldest first, and then of this one, whose
    `gap` is None where nobody has entered a score.
    """

    sweep: SweepRow
    trials: Sequence[TrialRow]
    trivial: Mapping[str, Mapping[str, float]] = field(default_factory=dict)
    losses: Mapping[str, Sequence[Bucket]] = field(default_factory=dict)
    norms: Mapping[str, Sequence[NormRow]] = field(default_factory=dict)
    frozen: Mapping[str, FrozenRow] = field(default_factory=dict)
    waits: Mapping[str, Sequence[Bucket]] = field(default_factory=dict)
    compiles: Mapping[str, Sequence[Bucket]] = field(default_factory=dict)
    gaps: Sequence[float] = ()
    gap: float | None = None


def evidence_of(index: Index, sweep: SweepRow, trials: Sequence[TrialRow]) -> Evidence:
    """The evidence in the index, whose rows have been read already.

    Further runs of a configuration are not looked at: that they resemble each other is no finding.
    """
    trials = [trial for trial in trials if trial.is_searched]
    watched = _watched(trials, sweep.goal)
    known = {(kind, phase, name) for kind, phase, name in index.metrics()}
    return Evidence(
        sweep,
        trials,
        trivial=index.trivial(),
        losses=_series(index, watched, "loss", known),
        norms={trial: rows for trial in watched if (rows := index.norms(trial, MOST_NORM_ROWS))},
        frozen={trial: row for trial in watched if (row := index.frozen(trial)).tensors},
        waits=_series(index, watched, WAIT, known),
        compiles=_series(index, watched, COMPILES, known),
    )


def _watched(trials: Sequence[TrialRow], goal: str) -> list[str]:
    """The best trials, and the baseline."""
    ranked = ranking.ranked(trials, goal)
    baseline = ranking.baseline_trial(trials)
    chosen = [*ranked[: MOST_WATCHED - 1], *([baseline] if baseline is not None else ranked[MOST_WATCHED - 1 :][:1])]
    return list(dict.fromkeys(trial.id for trial in chosen))


def _series(
    index: Index, trials: Sequence[str], name: str, known: set[tuple[str, str, str]]
) -> dict[str, Sequence[Bucket]]:
    if ("step", "train", name) not in known:
        return {}
    found = {trial: index.series(trial, name, buckets=BUCKETS) for trial in trials}
    return {trial: buckets for trial, buckets in found.items() if buckets}
