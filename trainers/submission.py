"""Submissions: files with an id and a probability for each class that a competition takes without complaint."""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from trainers.contract import InputError
from trainers.files import write_atomically


@dataclass(frozen=True)
class Form:
    """What is asked for: the name of the column of ids, the ids, and the columns of probabilities."""

    id_column: str
    ids: Sequence[str]
    columns: Sequence[str]

    @property
    def header(self) -> list[str]:
        return [self.id_column, *self.columns]

    def of_first(self, rows: int) -> Form:
        """The same form for the first ids."""
        return replace(self, ids=self.ids[:rows])


def write_submission(path: Path, form: Form, probabilities: NDArray[np.floating]) -> Path:
    """Writes one row per id, in their order, reads the file again and checks it. Raises `InputError`, `OSError`.

    `probabilities` have the shape (ids, columns), or (ids,) for one column.
    """
    values = probabilities.reshape(len(form.ids), len(form.columns)).tolist()
    rows = [[name, *(f"{value:.7g}" for value in row)] for name, row in zip(form.ids, values, strict=True)]
    text = io.StringIO(newline="")
    csv.writer(text, lineterminator="\n").writerows([form.header, *rows])
    write_atomically(path, lambda stream: stream.write(text.getvalue().encode()))
    check_submission(path, form)
    return path


def check_submission(path: Path, form: Form) -> None:
    """Raises `InputError` for other columns, ids or numbers of rows than are asked for, and for what is no probability.

    Rows may come in any order.
    """
    with path.open(newline="", encoding="utf-8") as stream:
        header, *rows = csv.reader(stream)
    if header != form.header:
        raise InputError(f"{path} has the columns {_some(header)}, not {_some(form.header)}")
    if len(rows) != len(form.ids):
        raise InputError(f"{path} has {len(rows)} rows, not {len(form.ids)} as the test set")
    asked = set(form.ids)
    for number, row in enumerate(rows, start=1):
        if len(row) != len(header) or row[0] not in asked:
            raise InputError(
                f"{path}: row {number} has {form.id_column} {row[0][:40]!r}, "
                f"which is not in the test set or came before"
            )
        asked.remove(row[0])
        for column, value in zip(form.columns, row[1:], strict=True):
            if not _is_probability(value):
                raise InputError(
                    f"{path}: row {number} ({form.id_column} {row[0][:40]!r}) has {column} = {value[:40]!r}, "
                    f"no probability"
                )


def _some(names: Sequence[str]) -> str:
    return ", ".join(names[:10]) + (f" and {len(names) - 10} more" if len(names) > 10 else "")


def _is_probability(text: str) -> bool:
    try:
        value = float(text)
    except ValueError:
        return False
    return math.isfinite(value) and 0.0 <= value <= 1.0
