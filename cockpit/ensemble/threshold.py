"""The thresholds of one experiment: of its predictions by column, or of its embeddings by output."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from cockpit.ensemble.crossfit import deal_parts
from cockpit.ensemble.members import Chosen, choose, read_member
from cockpit.ensemble.thresholds import MEASURES, Threshold, measured, search_threshold
from cockpit.store.folder import FolderError
from trainers.contract import InputError
from trainers.embeddings import outputs_in, read_embeddings, read_postings
from trainers.predictions import FILE

EXCLUSIVE = "accuracy"  # the metric of classes of which each row has exactly one


@dataclass(frozen=True)
class Column:
    """A column of predictions. `trivial` is the F1 of finding every row; `best` has a threshold for each measure."""

    name: str
    rows: int
    positives: int
    trivial: float
    best: Mapping[str, Threshold]


@dataclass(frozen=True)
class Output:
    """One output of one trial's embeddings, with the cosine from which on two rows match."""

    trial: str
    name: str
    rows: int
    best: Threshold


@dataclass(frozen=True)
class Found:
    """What was found of an experiment; either `columns` or `outputs` is empty."""

    name: str
    trials: tuple[str, ...]
    columns: tuple[Column, ...] = ()
    outputs: tuple[Output, ...] = ()


def find_thresholds(logs: Path, name: str, min_matches: int, seed: int = 0) -> Found:
    """The thresholds of `EXP` or `EXP/TRIAL`. Raises `FolderError` where it has nothing to search them on."""
    chosen = choose(logs, name)
    trials = tuple(trial.id for trial in chosen.trials)
    folders = {trial: chosen.run.trial(trial).path for trial in trials}
    if all((folder / FILE).exists() for folder in folders.values()):
        if min_matches > 1:
            raise FolderError(f"{name}: --min is for embeddings, and {chosen.name} has predictions of columns")
        return Found(chosen.name, trials, columns=_columns(logs, name, seed))
    outputs = tuple(
        output for trial, folder in folders.items() for output in _outputs(chosen, trial, folder, min_matches, seed)
    )
    if not outputs:
        raise FolderError(
            f"{chosen.name}: {', '.join(trials)} kept neither {FILE} nor embeddings.npy with embeddings.csv; "
            "thresholds are found on what a trial says of rows that it was not trained on"
        )
    return Found(chosen.name, trials, outputs=outputs)


def _columns(logs: Path, name: str, seed: int) -> tuple[Column, ...]:
    member = read_member(logs, name)
    found = member.predictions
    if found.metric == EXCLUSIVE:
        raise FolderError(
            f"{member.name}: its classes exclude each other, so the highest score decides; thresholds are for columns "
            "that say yes or no by themselves"
        )
    parts = _parts(member.name, found.groups or found.ids, seed)
    return tuple(
        Column(
            name=column,
            rows=len(found.ids),
            positives=int(found.labels[:, place].sum()),
            trivial=measured(found.labels[:, place], np.ones(len(found.ids), dtype=np.bool_), MEASURES["f1"]),
            best={
                name: search_threshold(found.labels[:, place], found.scores[:, place], parts, measure)
                for name, measure in MEASURES.items()
            },
        )
        for place, column in enumerate(found.columns)
    )


def _outputs(chosen: Chosen, trial: str, folder: Path, min_matches: int, seed: int) -> list[Output]:
    """Each output of a trial's embeddings. Raises `FolderError`."""
    files = outputs_in(folder)
    if not files:
        return []
    from trainers.metrics.row_f1_table import row_f1_table  # brings torch

    try:
        postings = read_postings(folder)
        parts = _parts(f"{chosen.run.id}/{trial}", postings.groups, seed)
        found = []
        for name, path in files.items():
            vectors = read_embeddings(path, len(postings.ids))
            table, thresholds = row_f1_table(vectors, postings.groups, min_matches)
            found.append(Output(trial, name, len(postings.ids), _best_of(table, thresholds, parts)))
    except InputError as error:
        raise FolderError(f"{chosen.run.id}/{trial}: {error}") from None
    return found


def _best_of(table: NDArray[np.float64], thresholds: Sequence[float], parts: NDArray[np.int64]) -> Threshold:
    """The threshold with the highest mean over rows; each part is scored by the best one of all others."""
    means = table.mean(axis=0)
    best = int(means.argmax())
    held_out = [table[parts == part, table[parts != part].mean(axis=0).argmax()] for part in np.unique(parts)]
    return Threshold(thresholds[best], float(np.concatenate(held_out).mean()), float(means[best]))


def _parts(name: str, groups: Sequence[str], seed: int) -> NDArray[np.int64]:
    clusters = np.unique(np.array(groups), return_inverse=True)[1].astype(np.int64)
    try:
        return deal_parts(clusters, seed=seed)
    except ValueError:
        raise FolderError(
            f"{name}: all its rows are of one group, so no threshold can be chosen on some and scored on others"
        ) from None
