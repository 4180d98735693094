"""Product postings in the format of Kaggle's Shopee competition.

A folder holds `train.csv` (`posting_id,image,image_phash,title,label_group`) and the photos in `train_images/`.
Postings of one `label_group` show the same product. `image_phash` may be missing. `test.csv` has the same columns but
the last, and its photos are in `test_images/`. Folds may be given by a column `fold`, in `train_fold.csv` if there is
such a file, else in `train.csv`. Nothing here imports torch.
"""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from trainers.contract import InputError
from trainers.data.tables import read_table, refuse_duplicates, refuse_empty

COLUMNS = ("posting_id", "image", "title", "label_group")
HASH = "image_phash"
FOLD = "fold"
TABLE = "train.csv"
FOLDER = "train_images"
TEST_TABLE = "test.csv"
TEST_FOLDER = "test_images"
FOLD_TABLE = "train_fold.csv"


@dataclass(frozen=True)
class Products:
    """Postings, row by row. `images` are files, or arrays of shape (height, width) or (height, width, 3) in uint8.

    `hashes` are perceptual hashes of the photos, empty where there are none. Test postings have empty `label_groups`.
    """

    posting_ids: Sequence[str]
    images: Sequence[Path] | Sequence[NDArray[np.uint8]]
    titles: Sequence[str]
    label_groups: Sequence[str]
    hashes: Sequence[str] = ()

    def __len__(self) -> int:
        return len(self.posting_ids)

    def of(self, rows: NDArray[np.int64]) -> Products:
        """These rows alone."""
        places = rows.tolist()
        return Products(
            posting_ids=[self.posting_ids[row] for row in places],
            images=[self.images[row] for row in places],
            titles=[self.titles[row] for row in places],
            label_groups=[self.label_groups[row] for row in places],
            hashes=[self.hashes[row] for row in places] if self.hashes else (),
        )

    @property
    def has_titles(self) -> bool:
        return any(title.strip() for title in self.titles)

    @property
    def fingerprint(self) -> str:
        """Eight hexadecimal digits that differ for different tables."""
        rows = zip(self.posting_ids, self.titles, self.label_groups, strict=True)
        return f"{zlib.crc32(repr(list(rows)).encode()):08x}"


def read_products(folder: Path) -> Products:
    """Reads `train.csv`. Raises `InputError` when it is missing, not a table, or lacks a column or a value."""
    path = folder / TABLE
    if not path.is_file():
        raise InputError(f"{path} does not exist: --data needs a folder with {TABLE} and {FOLDER}/")
    return _products(path, folder / FOLDER, COLUMNS)


def read_test_products(folder: Path) -> Products | None:
    """Reads `test.csv`, where there is one. Raises `InputError` as `read_products` does."""
    path = folder / TEST_TABLE
    return _products(path, folder / TEST_FOLDER, COLUMNS[:-1]) if path.is_file() else None


def read_folds(folder: Path, posting_ids: Sequence[str]) -> list[str]:
    """The fold that is given for each of these postings. Raises `InputError` when there is none."""
    path = folder / (FOLD_TABLE if (folder / FOLD_TABLE).is_file() else TABLE)
    columns = _columns(path, ("posting_id", FOLD))
    fold_of = dict(zip(columns["posting_id"], (value.strip() for value in columns[FOLD]), strict=True))
    for name in posting_ids:
        if not fold_of.get(name):
            raise InputError(f"{path} has no fold for the posting {name[:40]!r}; add it or use another holdout")
    return [fold_of[name] for name in posting_ids]


def _products(path: Path, images: Path, columns: Sequence[str]) -> Products:
    values = _columns(path, columns, (HASH,))
    for name in ("posting_id", "image", "label_group"):
        if name in columns:
            refuse_empty(path, name, values[name])
    refuse_duplicates(path, "posting_id", values["posting_id"])
    rows = len(values["posting_id"])
    return Products(
        posting_ids=values["posting_id"],
        images=[images / name for name in values["image"]],
        titles=values["title"],
        label_groups=values.get("label_group", [""] * rows),
        hashes=[value.strip() for value in values.get(HASH, ())],
    )


def _columns(path: Path, names: Sequence[str], optional: Sequence[str] = ()) -> dict[str, list[str]]:
    frame = read_table(path, "posting")
    missing = [name for name in names if name not in frame.columns]
    if missing:
        found = ", ".join(str(name) for name in frame.columns[:10])
        raise InputError(f"{path} has no column {', '.join(missing)} (it has {found}); add it to the header line")
    there = [*names, *(name for name in optional if name in frame.columns)]
    return {name: [str(value) for value in frame[name]] for name in there}
