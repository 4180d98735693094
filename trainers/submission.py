"""Submissions: files of `id,toxic` that a competition takes without complaint."""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from trainers.contract import InputError
from trainers.files import write_atomically

COLUMNS = ("id", "toxic")


def write_submission(path: Path, ids: Sequence[str], probabilities: NDArray[np.floating]) -> Path:
    """Writes one row per id, in their order, reads the file again and checks it. Raises `InputError`, `OSError`."""
    rows = [(name, f"{value:.7g}") for name, value in zip(ids, probabilities.tolist(), strict=True)]
    text = io.StringIO(newline="")
    csv.writer(text, lineterminator="\n").writerows([COLUMNS, *rows])
    write_atomically(path, lambda stream: stream.write(text.getvalue().encode()))
    check_submission(path, ids)
    return path


def check_submission(path: Path, ids: Sequence[str]) -> None:
    """Raises `InputError` for other columns, ids or numbers of rows than are asked for, and for what is no probability.

    Rows may come in any order.
    """
    with path.open(newline="", encoding="utf-8") as stream:
        header, *rows = csv.reader(stream)
    if tuple(header) != COLUMNS:
        raise InputError(f"{path} has the columns {', '.join(header)}, not {', '.join(COLUMNS)}")
    if len(rows) != len(ids):
        raise InputError(f"{path} has {len(rows)} rows, not {len(ids)} as the test set")
    asked = set(ids)
    for number, row in enumerate(rows, start=1):
        if len(row) != len(COLUMNS) or row[0] not in asked:
            raise InputError(
                f"{path}: row {number} has id {row[0][:40]!r}, which is not in the test set or came before"
            )
        asked.remove(row[0])
        if not _is_probability(row[1]):
            raise InputError(f"{path}: row {number} (id {row[0][:40]!r}) has toxic = {row[1][:40]!r}, no probability")


def _is_probability(text: str) -> bool:
    try:
        value = float(text)
    except ValueError:
        return False
    return math.isfinite(value) and 0.0 <= value <= 1.0
