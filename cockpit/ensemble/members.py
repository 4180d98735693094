"""The experiments that are merged: whose predictions of which rows they bring, and which rows all of them have."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cockpit.events.text import one_line
from cockpit.store import ranking
from cockpit.store.folder import FolderError, RunFolder, find_experiment, find_trial
from cockpit.store.reader import Index
from cockpit.store.rows import SweepRow, TrialRow
from trainers.contract import InputError
from trainers.predictions import FILE, Predictions, read_predictions

FOLD = "fold"  # the parameter that says which rows a trial was not trained on


@dataclass(frozen=True)
class Member:
    """An experiment or a trial of one by the name it was given, the trials it stands for, and what they predict."""

    name: str
    trials: tuple[str, ...]
    data: str
    predictions: Predictions


@dataclass(frozen=True)
class Chosen:
    """Trials of one experiment: the best, or where folds were varied the best of each. `name` is what it is called."""

    name: str
    run: RunFolder
    sweep: SweepRow
    trials: tuple[TrialRow, ...]


@dataclass(frozen=True)
class Aligned:
    """Members over the rows that all of them have.

    `scores` has the shape (members, rows, columns), `labels` (rows, columns); `clusters` (rows,) numbers the groups of
    rows that are not independent of each other. `dropped` is how many rows of each member the others do not have.
    """

    members: tuple[Member, ...]
    ids: tuple[str, ...]
    columns: tuple[str, ...]
    metric: str
    scores: NDArray[np.float64]
    labels: NDArray[np.int8]
    groups: tuple[str, ...]
    clusters: NDArray[np.int64]
    dropped: Mapping[str, int]


def choose(logs: Path, name: str) -> Chosen:
    """The trials that `EXP` or `EXP/TRIAL` stands for. Raises `FolderError`."""
    if "/" in name:
        run, trial_id = find_trial(logs, name)
    else:
        run, trial_id = find_experiment(logs, name), ""
    with Index(run) as index:
        sweep, trials = index.sweep(), index.trials()
    if trial_id:
        found = tuple(trial for trial in trials if trial.id == trial_id)
        if not found:
            raise FolderError(f"{name}: not in the index; run `cockpit reindex {run.id}`")
        return Chosen(f"{run.id}/{trial_id}", run, sweep, found)
    parts: dict[str, list[TrialRow]] = {}
    for trial in trials:
        parts.setdefault(str(trial.config.get(FOLD)) if FOLD in sweep.varied else "", []).append(trial)
    best = [ranking.best_trial(part, sweep.goal) for part in parts.values()]
    chosen = tuple(trial for trial in best if trial is not None)
    if not chosen:
        raise FolderError(f"{run.id}: no trial was evaluated, so there is nothing to take from it")
    return Chosen(run.id, run, sweep, chosen)


def read_member(logs: Path, name: str) -> Member:
    """The predictions of `EXP` or `EXP/TRIAL`: those of its best trial, or of all folds. Raises `FolderError`."""
    chosen = choose(logs, name)
    parts = [_predictions(chosen, trial.id) for trial in chosen.trials]
    trials = tuple(trial.id for trial in chosen.trials)
    return Member(chosen.name, trials, chosen.sweep.data, _joined(chosen.name, trials, parts))


def align(members: Sequence[Member]) -> Aligned:
    """The rows that all members have, in the order of the first. Raises `FolderError` where they do not fit."""
    first = members[0]
    for number, member in enumerate(members):
        if member.name in [other.name for other in members[:number]]:
            raise FolderError(f"{member.name}: is named twice; name every experiment once")
        _refuse_another_kind(first, member)
    shared = set.intersection(*(set(member.predictions.ids) for member in members))
    ids = tuple(name for name in first.predictions.ids if name in shared)
    if not ids:
        raise FolderError(f"{_names(members)}: have no rows in common; merge experiments with the same held-out rows")
    labels = _rows_of(first, ids, first.predictions.labels).astype(np.int8)
    groups = next((_groups_of(member, ids) for member in members if member.predictions.groups), ids)
    return Aligned(
        members=tuple(members),
        ids=ids,
        columns=tuple(first.predictions.columns),
        metric=first.predictions.metric,
        scores=np.stack([_agreeing_scores(first, member, ids, labels) for member in members]),
        labels=labels,
        groups=() if groups is ids else groups,
        clusters=np.unique(np.array(groups), return_inverse=True)[1].astype(np.int64),
        dropped={member.name: len(member.predictions.ids) - len(ids) for member in members},
    )


def _predictions(chosen: Chosen, trial: str) -> Predictions:
    path = chosen.run.trial(trial).path / FILE
    whose = f"{chosen.run.id}/{trial}"
    if not path.exists():
        raise FolderError(
            f"{whose}: has no {FILE}; a trainer that scores held-out rows writes it at its best evaluation, "
            f"matching keeps embeddings instead"
        )
    try:
        return read_predictions(path)
    except InputError as error:
        raise FolderError(f"{whose}: {error}") from None


def _joined(name: str, trials: Sequence[str], parts: Sequence[Predictions]) -> Predictions:
    """Out-of-fold predictions: those of all folds below each other."""
    first = parts[0]
    seen: dict[str, str] = {}
    for trial, part in zip(trials, parts, strict=True):
        if list(part.columns) != list(first.columns) or part.metric != first.metric:
            raise FolderError(f"{name}: {trials[0]} and {trial} predict other columns, or are ranked by other metrics")
        twice = next((row for row in part.ids if row in seen), None)
        if twice is not None:
            raise FolderError(
                f"{name}: row {_shown(twice)} is held out by {seen[twice]} and by {trial}, so they are no folds of one "
                f"deal; name one trial, such as {name.partition('/')[0]}/{trial}"
            )
        seen |= dict.fromkeys(part.ids, trial)
    return Predictions(
        ids=[row for part in parts for row in part.ids],
        columns=first.columns,
        scores=np.concatenate([part.scores for part in parts]),
        labels=np.concatenate([part.labels for part in parts]),
        metric=first.metric,
        groups=[group for part in parts for group in (part.groups or part.ids)] if any(p.groups for p in parts) else (),
    )


def _refuse_another_kind(first: Member, member: Member) -> None:
    one, other = first.predictions, member.predictions
    if set(one.columns) != set(other.columns):
        raise FolderError(
            f"{member.name}: predicts {_listed(other.columns)}, and {first.name} {_listed(one.columns)}; "
            "merge experiments that predict the same columns"
        )
    if one.metric != other.metric:
        raise FolderError(
            f"{member.name}: is ranked by {_shown(other.metric)}, and {first.name} by {_shown(one.metric)}; "
            "merge experiments with one metric"
        )


def _agreeing_scores(
    first: Member, member: Member, ids: tuple[str, ...], labels: NDArray[np.int8]
) -> NDArray[np.float64]:
    """The member's scores of these rows, columns in the order of the first member. Labels must be the same."""
    order = [list(member.predictions.columns).index(column) for column in first.predictions.columns]
    other = _rows_of(member, ids, member.predictions.labels)[:, order]
    differing = np.flatnonzero((other != labels).any(1))
    if len(differing):
        row = _shown(ids[differing[0]])
        more = f", and of {len(differing) - 1} more" if len(differing) > 1 else ""
        raise FolderError(f"{member.name}: has another label of row {row} than {first.name}{more}; one of them is old")
    return _rows_of(member, ids, member.predictions.scores)[:, order].astype(np.float64)


def _rows_of(member: Member, ids: tuple[str, ...], values: NDArray[Any]) -> NDArray[Any]:
    place = {name: row for row, name in enumerate(member.predictions.ids)}
    return values[[place[name] for name in ids]]


def _groups_of(member: Member, ids: tuple[str, ...]) -> tuple[str, ...]:
    group = dict(zip(member.predictions.ids, member.predictions.groups, strict=True))
    return tuple(group[name] for name in ids)


def _names(members: Sequence[Member]) -> str:
    return ", ".join(member.name for member in members)


def _listed(columns: Sequence[str]) -> str:
    more = f" and {len(columns) - 3} more" if len(columns) > 3 else ""
    return ", ".join(map(_shown, columns[:3])) + more


def _shown(text: str) -> str:
    return one_line(text, 60)
