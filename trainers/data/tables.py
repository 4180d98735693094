"""Tables in CSV files, every value as the text that stands there. Nothing here imports torch."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from trainers.contract import InputError

if TYPE_CHECKING:
    import pandas as pd


def read_table(path: Path, rows_are: str) -> pd.DataFrame:
    """A CSV file in UTF-8 with a header. Raises `InputError` when it cannot be read or has no rows.

    `rows_are` says what one row is, for people.
    """
    import pandas as pd

    try:
        with warnings.catch_warnings():
            # Rows longer than the header would otherwise lose their last values in silence.
            warnings.simplefilter("error", pd.errors.ParserWarning)
            frame: pd.DataFrame = pd.read_csv(path, dtype=str, keep_default_na=False, encoding="utf-8", index_col=False)
    except (OSError, ValueError, pd.errors.ParserWarning) as error:
        # Parser and encoding errors of pandas are ValueErrors.
        raise InputError(f"{path} cannot be read as a CSV file in UTF-8: {' '.join(str(error).split())}") from error
    if frame.empty:
        raise InputError(f"{path} has a header and no rows: put one row per {rows_are} below it")
    return frame


def column_among(path: Path, frame: pd.DataFrame, names: Sequence[str]) -> str:
    """The first of these columns that the table has. Raises `InputError` when it has none."""
    for name in names:
        if name in frame.columns:
            return name
    found = ", ".join(str(name) for name in frame.columns[:10])
    wanted = " or ".join(names)
    raise InputError(f"{path} has no column {wanted} (it has {found}); add it to the header line")


def refuse_empty(path: Path, name: str, values: Sequence[str]) -> None:
    """Raises `InputError` naming the first row without a value."""
    for row, value in enumerate(values, start=1):
        if not value.strip():
            raise InputError(f"{path}: row {row} has no {name}; fill it in or remove the row")


def refuse_duplicates(path: Path, name: str, values: Sequence[str]) -> None:
    """Raises `InputError` naming the first two rows that share a value."""
    seen: dict[str, int] = {}
    for row, value in enumerate(values, start=1):
        if value in seen:
            raise InputError(f"{path}: rows {seen[value]} and {row} share {name} {value!r}; every row needs its own")
        seen[value] = row
