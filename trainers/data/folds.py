"""Folds that never cut a group in two."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray


def deal_groups(labels: Sequence[str], folds: int) -> NDArray[np.int64]:
    """The fold of every row, shape (rows,): groups are ordered by size, largest first, and dealt round-robin.

    A whole group is in one fold, and folds differ little in size. Groups of one size are dealt in the order of their
    names, so the same labels give the same folds on every machine. Raises `ValueError` for fewer groups than folds.
    """
    sizes = Counter(labels)
    if folds < 2 or len(sizes) < folds:
        raise ValueError(f"{len(sizes)} groups cannot be dealt to {folds} folds")
    ordered = sorted(sizes, key=lambda name: (-sizes[name], name))
    fold_of = {name: position % folds for position, name in enumerate(ordered)}
    return np.array([fold_of[label] for label in labels], dtype=np.int64)


def deal_rows(labels: Sequence[str], folds: int) -> NDArray[np.int64]:
    """The fold of every row, shape (rows,): the rows of each group are dealt round-robin, so every fold has all groups.

    Dealing goes on from group to group, so that small groups do not all begin with the same fold. Raises `ValueError`
    for fewer rows than folds.
    """
    if folds < 2 or len(labels) < folds:
        raise ValueError(f"{len(labels)} rows cannot be dealt to {folds} folds")
    order = np.argsort(np.array(labels), kind="stable")
    fold_of = np.empty(len(labels), dtype=np.int64)
    fold_of[order] = np.arange(len(labels)) % folds
    return fold_of
