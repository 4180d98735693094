"""Which postings the matching trainer learns from, which it is judged on, and by what it sees them. No torch here."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from trainers.configs.matching import MatchingConfig
from trainers.contract import InputError
from trainers.data.digits import digits
from trainers.data.holdout import held_out
from trainers.data.products import Products, read_folds, read_products, read_test_products


@dataclass(frozen=True)
class Split:
    """Rows of `Products`. `groups` numbers the groups of all rows, shape (rows,); `scheme` says how they were dealt."""

    train: NDArray[np.int64]
    valid: NDArray[np.int64]
    groups: NDArray[np.int64]
    modalities: tuple[str, ...]
    folds: int
    fold: int
    scheme: str = "groups"

    @property
    def known_share(self) -> float:
        """The share of validation rows whose group is trained on."""
        return float(np.isin(self.groups[self.valid], self.groups[self.train]).mean())

    @property
    def holdout(self) -> str:
        """How rows are held out, and that groups are shared where the scheme's name does not say so."""
        leaks = self.known_share > 0 and self.scheme not in ("rows", "mixed")
        return f"{self.scheme} with shared groups" if leaks else self.scheme


def load_products(folder: str) -> Products:
    """The postings of a data folder, or the digits for an empty name. Raises `InputError`; opens no image file."""
    return read_products(Path(folder)) if folder else digits()


def load_test_products(folder: str) -> Products | None:
    """The postings of a data folder's `test.csv`, if it has one. Raises `InputError`; opens no image file."""
    return read_test_products(Path(folder)) if folder else None


def split(products: Products, config: MatchingConfig) -> Split:
    """Holds rows out for validation. Raises `InputError` when settings and data do not fit each other."""
    names, groups = np.unique(np.array(products.label_groups), return_inverse=True)
    if len(names) < config.folds and config.holdout not in ("parity", "file"):
        raise InputError(f"folds = {config.folds} is more than the {len(names)} groups of the data; lower folds")
    given = _given_folds(products, config) if config.holdout == "file" else None
    held, folds = held_out(config.holdout, products.label_groups, config.folds, config.fold, given)
    train, valid = np.flatnonzero(~held), np.flatnonzero(held)
    classes = len(np.unique(groups[train]))
    if config.batch_size > len(train):
        raise InputError(
            f"batch_size = {config.batch_size} is more than the {len(train)} training rows; lower batch_size"
        )
    if classes < 3:
        raise InputError(f"only {classes} groups are left to train on; raise folds or add groups")
    if len(valid) == 0:
        raise InputError(f"fold {config.fold} of holdout = {config.holdout} has no rows; choose another fold")
    modalities = _modalities(products, config)
    return Split(train, valid, groups.astype(np.int64), modalities, folds, config.fold, config.holdout)


def _given_folds(products: Products, config: MatchingConfig) -> list[str]:
    if not config.data:
        raise InputError("holdout = file needs a data folder whose table has a column fold; use holdout=groups")
    return read_folds(Path(config.data), products.posting_ids)


def _modalities(products: Products, config: MatchingConfig) -> tuple[str, ...]:
    if config.modalities == "auto":
        return ("image", "text") if products.has_titles else ("image",)
    chosen = tuple(config.modalities.split("+"))
    if "text" in chosen and not products.has_titles:
        where = config.data or "the built-in digits"
        raise InputError(f"modalities = {config.modalities}, but {where} has no titles; use modalities=image")
    return chosen
