"""Which postings the matching trainer learns from, which it is judged on, and by what it sees them. No torch here."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from trainers.configs.matching import MatchingConfig
from trainers.contract import InputError
from trainers.data.digits import digits
from trainers.data.folds import deal_groups, deal_rows
from trainers.data.products import Products, read_products


@dataclass(frozen=True)
class Split:
    """Rows of `Products`. `groups` numbers the groups of all rows, shape (rows,)."""

    train: NDArray[np.int64]
    valid: NDArray[np.int64]
    groups: NDArray[np.int64]
    modalities: tuple[str, ...]
    folds: int
    fold: int

    @property
    def holdout(self) -> str:
        """`rows` if validation has groups that are trained on, else `groups`."""
        return "rows" if np.isin(self.groups[self.valid], self.groups[self.train]).any() else "groups"


def load_products(folder: str) -> Products:
    """The postings of a data folder, or the digits for an empty name. Raises `InputError`; opens no image file."""
    return read_products(Path(folder)) if folder else digits()


def split(products: Products, config: MatchingConfig) -> Split:
    """Deals groups to folds and holds one out. Raises `InputError` when settings and data do not fit each other."""
    names, groups = np.unique(np.array(products.label_groups), return_inverse=True)
    if len(names) < config.folds:
        raise InputError(f"folds = {config.folds} is more than the {len(names)} groups of the data; lower folds")
    if config.fold >= config.folds:
        raise InputError(f"fold = {config.fold} does not exist: give a number from 0 to {config.folds - 1}")
    deal = deal_rows if config.holdout == "rows" else deal_groups
    folds = deal(products.label_groups, config.folds)
    train, valid = np.flatnonzero(folds != config.fold), np.flatnonzero(folds == config.fold)
    classes = len(np.unique(groups[train]))
    if config.batch_size > len(train):
        raise InputError(
            f"batch_size = {config.batch_size} is more than the {len(train)} training rows; lower batch_size"
        )
    if classes < 3:
        raise InputError(f"only {classes} groups are left to train on; raise folds or add groups")
    fold_count = len(np.unique(folds))
    return Split(train, valid, groups.astype(np.int64), _modalities(products, config), fold_count, config.fold)


def _modalities(products: Products, config: MatchingConfig) -> tuple[str, ...]:
    if config.modalities == "auto":
        return ("image", "text") if products.has_titles else ("image",)
    chosen = tuple(config.modalities.split("+"))
    if "text" in chosen and not products.has_titles:
        where = config.data or "the built-in digits"
        raise InputError(f"modalities = {config.modalities}, but {where} has no titles; use modalities=image")
    return chosen
