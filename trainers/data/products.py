"""Product postings in the format of Kaggle's Shopee competition.

A folder holds `train.csv` (`posting_id,image,image_phash,title,label_group`) and the photos in `train_images/`.
Postings of one `label_group` show the same product. Nothing here imports torch.
"""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from trainers.contract import InputError
from trainers.data.tables import read_table, refuse_duplicates, refuse_empty

if TYPE_CHECKING:
    import pandas as pd

COLUMNS = ("posting_id", "image", "title", "label_group")
TABLE = "train.csv"
FOLDER = "train_images"


@dataclass(frozen=True)
class Products:
    """Postings, row by row. `images` are files, or arrays of shape (height, width) or (height, width, 3) in uint8."""

    posting_ids: Sequence[str]
    images: Sequence[Path] | Sequence[NDArray[np.uint8]]
    titles: Sequence[str]
    label_groups: Sequence[str]

    def __len__(self) -> int:
        return len(self.posting_ids)

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
    frame = _read_table(folder / TABLE)
    values = {name: [str(value) for value in frame[name]] for name in COLUMNS}
    for name in ("posting_id", "image", "label_group"):
        refuse_empty(folder / TABLE, name, values[name])
    refuse_duplicates(folder / TABLE, "posting_id", values["posting_id"])
    return Products(
        posting_ids=values["posting_id"],
        images=[folder / FOLDER / name for name in values["image"]],
        titles=values["title"],
        label_groups=values["label_group"],
    )


def _read_table(path: Path) -> pd.DataFrame:
    if not path.is_file():
        raise InputError(f"{path} does not exist: --data needs a folder with {TABLE} and {FOLDER}/")
    frame = read_table(path, "posting")
    missing = [name for name in COLUMNS if name not in frame.columns]
    if missing:
        found = ", ".join(str(name) for name in frame.columns[:10])
        raise InputError(f"{path} has no column {', '.join(missing)} (it has {found}); add it to the header line")
    return frame
