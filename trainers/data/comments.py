"""Comments with what people said of them, from the tables of Kaggle's Jigsaw competitions and of their kin.

Nothing here imports torch.
"""

from __future__ import annotations

import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from trainers.contract import InputError
from trainers.data.tables import column_among, read_table, refuse_duplicates, refuse_empty

if TYPE_CHECKING:
    import pandas as pd

AUXILIARY = ("severe_toxic", "obscene", "threat", "insult", "identity_hate")
TEXT_COLUMNS = ("comment_text", "content", "text", "tweet")
_BINARY = {"0": 0, "0.0": 0, "1": 1, "1.0": 1}
# What makes a row toxic, by the column that says so. `class` is that of Davidson et al. (2017): hateful, offensive,
# neither.
LABEL_COLUMNS: Mapping[str, Mapping[str, int]] = {
    "toxic": _BINARY,
    "is_toxic": _BINARY | {"Not Toxic": 0, "Toxic": 1},
    "class": {"0": 1, "1": 1, "2": 0},
}


@dataclass(frozen=True)
class Comments:
    """Comments, row by row. `toxic` (rows,) is 1 or 0, and -1 where nobody has said.

    `auxiliary` (rows, 5) are the labels of `AUXILIARY`, and `known` (rows,) is 1 for rows that have them; the labels of
    other rows are 0.
    """

    ids: Sequence[str]
    texts: Sequence[str]
    langs: Sequence[str]
    toxic: NDArray[np.int64]
    auxiliary: NDArray[np.float32]
    known: NDArray[np.float32]

    def __len__(self) -> int:
        return len(self.ids)

    @property
    def rows(self) -> NDArray[np.int64]:
        """All row numbers."""
        return np.arange(len(self.ids))

    @property
    def languages(self) -> list[str]:
        return sorted(set(self.langs))

    @property
    def fingerprint(self) -> str:
        """Eight hexadecimal digits that differ for different comments or labels."""
        checksum = zlib.crc32(self.toxic.tobytes() + self.auxiliary.tobytes())
        for row in zip(self.ids, self.texts, self.langs, strict=True):
            checksum = zlib.crc32(repr(row).encode(), checksum)
        return f"{checksum:08x}"

    def take(self, rows: NDArray[np.int64]) -> Comments:
        """These rows."""
        chosen: list[int] = rows.tolist()
        return Comments(
            ids=[self.ids[row] for row in chosen],
            texts=[self.texts[row] for row in chosen],
            langs=[self.langs[row] for row in chosen],
            toxic=self.toxic[rows],
            auxiliary=self.auxiliary[rows],
            known=self.known[rows],
        )


def read_comments(path: Path, labelled: bool = True) -> Comments:
    """Reads a table with a column of `TEXT_COLUMNS` and, where it is `labelled`, one of `LABEL_COLUMNS`.

    `lang` is `en` where there is no such column, and ids are row numbers where there is no `id`. Raises `InputError`
    for a missing column, an empty text, a label out of range, or an id that comes twice.
    """
    frame = read_table(path, "comment")
    text = column_among(path, frame, TEXT_COLUMNS)
    texts = [str(value) for value in frame[text]]
    refuse_empty(path, text, texts)
    ids = [str(value) for value in frame["id"]] if "id" in frame else [str(row) for row in range(1, len(frame) + 1)]
    refuse_duplicates(path, "id", ids)
    langs = [str(value) for value in frame["lang"]] if "lang" in frame else ["en"] * len(frame)
    refuse_empty(path, "lang", langs)
    auxiliary, known = _auxiliary(path, frame)
    return Comments(ids, texts, langs, _toxic(path, frame, labelled), auxiliary, known)


def _toxic(path: Path, frame: pd.DataFrame, labelled: bool) -> NDArray[np.int64]:
    if not labelled:
        return np.full(len(frame), -1)
    name = column_among(path, frame, tuple(LABEL_COLUMNS))
    return np.array(_labels(path, name, frame, LABEL_COLUMNS[name]), dtype=np.int64)


def _auxiliary(path: Path, frame: pd.DataFrame) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Rows in which all five columns are empty have not been labelled."""
    labels = np.zeros((len(frame), len(AUXILIARY)), dtype=np.float32)
    there = [name for name in AUXILIARY if name in frame.columns]
    if not there:
        return labels, np.zeros(len(frame), dtype=np.float32)
    missing = [name for name in AUXILIARY if name not in there]
    if missing:
        raise InputError(f"{path} has {there[0]} but no {', '.join(missing)}; add the rest or remove all of them")
    known = (frame[list(AUXILIARY)] != "").any(axis=1).to_numpy()
    rows = np.flatnonzero(known)
    for column, name in enumerate(AUXILIARY):
        labels[rows, column] = _labels(path, name, frame, _BINARY, rows)
    return labels, known.astype(np.float32)


def _labels(
    path: Path, name: str, frame: pd.DataFrame, meaning: Mapping[str, int], rows: NDArray[np.int64] | None = None
) -> list[int]:
    """A column's labels as numbers."""
    values = [str(value).strip() for value in frame[name]]
    chosen: Sequence[int] = range(len(values)) if rows is None else rows.tolist()
    for row in chosen:
        if values[row] not in meaning:
            allowed = ", ".join(key for key in meaning if not key.endswith(".0"))
            raise InputError(f"{path}: row {row + 1} has {name} = {values[row][:40]!r}; give one of {allowed}")
    return [meaning[values[row]] for row in chosen]
