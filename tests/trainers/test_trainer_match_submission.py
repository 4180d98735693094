from __future__ import annotations

from pathlib import Path

import pytest

from trainers.contract import InputError
from trainers.match_submission import check_matches, write_matches

IDS = ["a", "b", "c"]


def test_matches_are_written_by_name(tmp_path: Path) -> None:
    path = write_matches(tmp_path / "submission.csv", IDS, [[0, 2], [1], [2, 0]])
    assert path.read_text() == "posting_id,matches\na,a c\nb,b\nc,c a\n"


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("posting_id,match\n", "has the columns posting_id, match, not posting_id, matches"),
        ("posting_id,matches\na,a\n", "has 1 rows, not 3 as the test set"),
        (
            "posting_id,matches\na,a\na,a\nc,c\n",
            "row 2 has posting_id 'a', which is not in the test set or came before",
        ),
        (
            "posting_id,matches\na,a\nb,b z\nc,c\n",
            r"row 2 \(posting_id 'b'\) matches 'z', which is not in the test set",
        ),
        ("posting_id,matches\na,b\nb,b\nc,c\n", r"row 1 \(posting_id 'a'\) does not match itself"),
        ("posting_id,matches\na,a\nb,\nc,c\n", r"row 2 \(posting_id 'b'\) matches '', which is not in the test set"),
        ("posting_id,matches\na,a a\nb,b\nc,c\n", r"row 1 \(posting_id 'a'\) matches a posting twice"),
    ],
)
def test_what_would_not_be_taken_is_refused(tmp_path: Path, text: str, reason: str) -> None:
    path = tmp_path / "submission.csv"
    path.write_text(text)
    with pytest.raises(InputError, match=reason):
        check_matches(path, IDS)
