"""Whether a submission is what the competition asks for, before it costs one of the day's."""

from __future__ import annotations

import csv
import math
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from cockpit.events.text import one_line
from cockpit.store.folder import FolderError

MISSING = frozenset({"", "nan", "na", "n/a", "none", "null", "inf", "-inf", "+inf", "infinity", "-infinity"})
MOST_NAMED = 3


@dataclass(frozen=True)
class Checked:
    """What a submission has: its columns, the column of ids first, and its rows without the header."""

    columns: tuple[str, ...]
    rows: int


def check_submission(path: Path, sample: Path) -> Checked:
    """Compare a submission with the competition's sample: columns, ids, number of rows, and no value missing.

    Rows may come in any order. Where the sample has numbers, numbers have to be; where it has words, an empty cell is
    all that is refused. Raises `FolderError`, which names the first rows that are wrong.
    """
    header, rows = _read(path)
    wanted_header, wanted = _read(sample)
    asked, numeric = _asked(wanted, len(wanted_header))
    if header != wanted_header:
        raise _refusal(path, f"has the columns {_some(header)}, and {sample.name} has {_some(wanted_header)}")
    count, seen = 0, set()
    for number, row in rows:
        count += 1
        problem = _problem_of_row(row, header, numeric)
        if problem or row[0] not in asked or row[0] in seen:
            why = problem or ("came before" if row[0] in seen else f"is not in {sample.name}")
            raise _refusal(path, f"line {number} ({header[0]} {_cell(row)}): {why}")
        seen.add(row[0])
    if count != len(asked):
        missing = [name for name in asked if name not in seen]
        raise _refusal(path, f"has {count} rows, and {sample.name} has {len(asked)}; {_some(missing)} missing")
    return Checked(tuple(header), count)


def _asked(rows: Iterator[tuple[int, list[str]]], columns: int) -> tuple[dict[str, None], list[bool]]:
    """The ids of a sample in their order, and which of its columns are numbers."""
    asked: dict[str, None] = {}
    numeric = [True] * columns
    for _, row in rows:
        if len(row) == columns:
            asked[row[0]] = None
            numeric = [one and _is_number(cell) for one, cell in zip(numeric, row, strict=True)]
    return asked, [one and bool(asked) for one in numeric]


def _problem_of_row(row: Sequence[str], header: Sequence[str], numeric: Sequence[bool]) -> str:
    if len(row) != len(header):
        return f"has {len(row)} cells, not {len(header)}"
    for name, cell, is_number in list(zip(header, row, numeric, strict=True))[1:]:
        if is_number and not _is_number(cell):
            return f"{one_line(name, 40)} is {one_line(cell, 40)!r}, no finite number"
        if not is_number and not cell.strip():
            return f"{one_line(name, 40)} is empty"
    return ""


def _is_number(cell: str) -> bool:
    if cell.strip().lower() in MISSING:
        return False
    try:
        return math.isfinite(float(cell))
    except ValueError:
        return False


def _read(path: Path) -> tuple[list[str], Iterator[tuple[int, list[str]]]]:
    """A table's header, and its rows with the numbers of their lines."""
    lines = _lines(path)
    _, header = next(lines, (0, []))
    if not header:
        raise _refusal(path, "is empty")
    return header, lines


def _lines(path: Path) -> Iterator[tuple[int, list[str]]]:
    try:
        with path.open(newline="", encoding="utf-8-sig") as stream:
            reader = csv.reader(stream, strict=True)
            for row in reader:
                if row:
                    yield reader.line_num, row
    except OSError as error:
        raise FolderError(f"{path}: cannot be read ({error.strerror})") from None
    except (csv.Error, UnicodeDecodeError) as error:
        raise _refusal(path, f"is no CSV file in UTF-8 ({one_line(str(error), 80)})") from None


def _refusal(path: Path, what: str) -> FolderError:
    return FolderError(f"{path}: {what}; nothing was submitted")


def _cell(row: Sequence[str]) -> str:
    return one_line(row[0], 40) if row else ""


def _some(names: Sequence[str]) -> str:
    more = f" and {len(names) - MOST_NAMED} more" if len(names) > MOST_NAMED else ""
    return ", ".join(one_line(name, 40) for name in names[:MOST_NAMED]) + more


def main() -> int:
    """`python -m cockpit.kaggle.preflight SUBMISSION SAMPLE`: 0, or 2 with one line on standard error."""
    path, sample = map(Path, sys.argv[1:])
    try:
        found = check_submission(path, sample)
    except FolderError as error:
        print(error, file=sys.stderr)
        return 2
    print(f"{path.name}: {found.rows} rows and {len(found.columns)} columns, as in {sample.name}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
