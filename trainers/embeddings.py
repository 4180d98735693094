"""Embeddings that a trial kept: `embeddings.npy` and its kin, and `embeddings.csv` with what the rows are."""

from __future__ import annotations

import csv
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from trainers.contract import InputError

TABLE = "embeddings.csv"
# Of what a posting was seen by, and the file that has it.
FILES: Mapping[str, str] = {
    "fused": "embeddings.npy",
    "image": "embeddings_image.npy",
    "text": "embeddings_text.npy",
}
_COLUMNS = ("posting_id", "label_group")


@dataclass(frozen=True)
class Postings:
    """The rows of a trial's embeddings."""

    ids: tuple[str, ...]
    groups: tuple[str, ...]


def outputs_in(folder: Path) -> dict[str, Path]:
    """The files of embeddings in a folder by what they are of; none where the folder has no table of rows."""
    if not (folder / TABLE).is_file():
        return {}
    return {output: folder / name for output, name in FILES.items() if (folder / name).is_file()}


def read_postings(folder: Path) -> Postings:
    """The table of rows, whatever other columns it has. Raises `InputError`."""
    path = folder / TABLE
    try:
        with path.open(newline="", encoding="utf-8") as stream:
            rows = list(csv.reader(stream))
    except (OSError, ValueError, csv.Error) as error:
        raise InputError(f"{path} cannot be read ({' '.join(str(error).split())[:120]})") from None
    header = rows[0] if rows else []
    if not set(_COLUMNS) <= set(header) or any(len(row) != len(header) for row in rows):
        raise InputError(f"{path} is no table with the columns {','.join(_COLUMNS)}")
    ids, groups = (tuple(row[header.index(column)] for row in rows[1:]) for column in _COLUMNS)
    if len(set(ids)) < len(ids):
        raise InputError(f"{path} has a posting_id twice; every row has to be another posting")
    return Postings(ids, groups)


def read_embeddings(path: Path, rows: int) -> NDArray[np.float32]:
    """Unit vectors, shape (rows, dimensions); what is no finite number counts as 0. Raises `InputError`."""
    try:
        with path.open("rb") as stream:
            found = np.lib.format.read_array(stream, allow_pickle=False)
    except (OSError, ValueError, EOFError, SyntaxError, MemoryError) as error:
        reason = " ".join(str(error).split())[:120]
        raise InputError(f"{path} cannot be read as embeddings ({reason})") from None
    if found.dtype.kind != "f" or found.ndim != 2 or len(found) != rows:
        raise InputError(f"{path} has {found.dtype} {found.shape}, not one row of numbers for each of the {rows} rows")
    vectors = np.nan_to_num(found.astype(np.float32, copy=False), nan=0.0, posinf=0.0, neginf=0.0)
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    return np.asarray(vectors / np.maximum(lengths, 1e-12), dtype=np.float32)
