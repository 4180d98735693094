"""Submissions of matches: files of `posting_id,matches` that Kaggle's Shopee competition takes without complaint."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from pathlib import Path

from trainers.contract import InputError
from trainers.files import write_atomically

SUBMISSION = "submission.csv"
COLUMNS = ("posting_id", "matches")
# Groups of the competition have no more postings.
MOST = 50


def write_matches(path: Path, ids: Sequence[str], matches: Sequence[Sequence[int]]) -> Path:
    """Writes one row per posting with the postings that match it, separated by spaces, by their row numbers.

    Reads the file again and checks it. Raises `InputError`, `OSError`.
    """
    rows = [(name, " ".join(ids[row] for row in rows)) for name, rows in zip(ids, matches, strict=True)]
    text = io.StringIO(newline="")
    csv.writer(text, lineterminator="\n").writerows([COLUMNS, *rows])
    write_atomically(path, lambda stream: stream.write(text.getvalue().encode()))
    check_matches(path, ids)
    return path


def check_matches(path: Path, ids: Sequence[str]) -> None:
    """Raises `InputError` for other columns, postings or numbers of rows than are asked for, and for odd matches.

    Every posting has to match itself, none twice, and none but postings of the test set. Rows may come in any order.
    """
    with path.open(newline="", encoding="utf-8") as stream:
        header, *rows = csv.reader(stream)
    if tuple(header) != COLUMNS:
        raise InputError(f"{path} has the columns {', '.join(header)}, not {', '.join(COLUMNS)}")
    if len(rows) != len(ids):
        raise InputError(f"{path} has {len(rows)} rows, not {len(ids)} as the test set")
    known, asked = set(ids), set(ids)
    for number, row in enumerate(rows, start=1):
        if len(row) != len(COLUMNS) or row[0] not in asked:
            raise InputError(
                f"{path}: row {number} has posting_id {row[0][:40]!r}, which is not in the test set or came before"
            )
        asked.remove(row[0])
        problem = _problem(row[0], row[1].split(" "), known)
        if problem:
            raise InputError(f"{path}: row {number} (posting_id {row[0][:40]!r}) {problem}")


def _problem(name: str, matches: Sequence[str], known: set[str]) -> str:
    strange = next((match for match in matches if match not in known), None)
    if strange is not None:
        return f"matches {strange[:40]!r}, which is not in the test set"
    if name not in matches:
        return "does not match itself"
    return "matches a posting twice" if len(set(matches)) < len(matches) else ""
