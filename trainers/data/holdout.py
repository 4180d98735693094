"""Which rows validation holds out, by one of several schemes. Nothing here imports torch.

What a score on held-out rows means depends on whether their groups were trained on: a shop's new photos are of products
that no training has seen. `rows` and `mixed` do train on them, on purpose, to show how much better that looks.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from trainers.contract import InputError
from trainers.data.folds import deal_groups, deal_rows

SCHEMES = ("groups", "rows", "unseen", "mixed", "parity", "file")
# Where folds are not dealt but found, and how many there are.
PARITY_FOLDS = 2


def held_out(
    scheme: str, labels: Sequence[str], folds: int, fold: int, given: Sequence[str] | None = None
) -> tuple[NDArray[np.bool_], int]:
    """Whether each row is held out, shape (rows,), and how many folds there are.

    `groups` deals whole groups by size, `rows` the rows of each group. `unseen` cuts the groups in the order of their
    names into `folds` parts, of which the last is fold 0. `mixed` holds out such a part, half as large, and as many
    rows of the other groups. `parity` halves whole numbers as groups by whether they are even, `file` takes the folds
    `given`. Raises `InputError` for a fold that does not exist.
    """
    if scheme == "file":
        return _given(given or (), fold)
    if scheme == "parity":
        _refuse_beyond(fold, PARITY_FOLDS)
        return _numbers(labels) % PARITY_FOLDS == fold, PARITY_FOLDS
    _refuse_beyond(fold, folds)
    if scheme == "unseen":
        return _parts(labels, folds) == fold, folds
    if scheme == "mixed":
        both = _parts(labels, 2 * folds) == fold
        return both | (deal_rows(labels, 2 * folds) == fold), folds
    return (deal_rows if scheme == "rows" else deal_groups)(labels, folds) == fold, folds


def _refuse_beyond(fold: int, folds: int) -> None:
    if fold >= folds:
        raise InputError(f"fold = {fold} does not exist: give a number from 0 to {folds - 1}")


def _given(given: Sequence[str], fold: int) -> tuple[NDArray[np.bool_], int]:
    names = sorted(set(given), key=_by_number)
    _refuse_beyond(fold, len(names))
    return np.array(given) == names[fold], len(names)


def _by_number(name: str) -> tuple[bool, int, str]:
    """Whole numbers first and by their size."""
    return (False, int(name), "") if name.isdecimal() else (True, 0, name)


def _numbers(labels: Sequence[str]) -> NDArray[np.int64]:
    wrong = next((label for label in labels if not label.isdecimal()), None)
    if wrong is not None:
        raise InputError(f"holdout = parity needs whole numbers as label_group, not {wrong[:40]!r}; use holdout=groups")
    return np.array([int(label) % PARITY_FOLDS for label in labels], dtype=np.int64)


def _parts(labels: Sequence[str], parts: int) -> NDArray[np.int64]:
    """The part of every row, counted from the end, when groups by name are cut into so many parts of equal size."""
    names = sorted(set(labels), key=_by_number)
    if len(names) < parts:
        raise InputError(f"{len(names)} groups cannot be cut into {parts} parts; lower folds")
    part_of = {name: parts - 1 - place * parts // len(names) for place, name in enumerate(names)}
    return np.array([part_of[label] for label in labels], dtype=np.int64)
