from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from trainers.contract import InputError
from trainers.data.pairs import Pairs
from trainers.predictions import Predictions, read_predictions, write_predictions

SCORES = np.array([[0.25, 0.5], [1.0, -2.0]], dtype=np.float32)
LABELS = np.array([[1, 0], [0, 1]], dtype=np.int8)


def test_what_was_written_is_read(tmp_path: Path) -> None:
    kept = Predictions(("a", "ü"), ("x", "y"), SCORES, LABELS, "lwlrap", ("g", "g"))
    found = read_predictions(write_predictions(tmp_path / "predictions.npz", kept))
    assert (found.ids, found.columns, found.metric, found.groups) == (["a", "ü"], ["x", "y"], "lwlrap", ["g", "g"])
    np.testing.assert_array_equal(found.scores, SCORES)
    np.testing.assert_array_equal(found.labels, LABELS)


GOOD: dict[str, object] = {
    "ids": ["a", "b"], "columns": ["x", "y"], "scores": SCORES, "labels": LABELS, "metric": "auc",
    "groups": np.array([], dtype=np.str_),
}  # fmt: skip


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        ({"ids": [1, 2]}, "not all texts"),
        ({"metric": ["auc"]}, "not all texts"),
        ({"scores": np.array([["a", "b"]] * 2)}, "not all numbers"),
        ({"scores": SCORES[:1]}, "do not fit"),
        ({"groups": ["g"]}, "do not fit"),
        ({"scores": SCORES * np.nan}, "no finite numbers"),
        ({"labels": LABELS * 2}, "other than 0 and 1"),
        ({"ids": ["a", "a"]}, "twice"),
        ({"ids": np.array([print], dtype=object)}, "cannot be read as predictions"),
        ({"columns": None}, "cannot be read as predictions"),
    ],
)
def test_what_is_no_prediction_is_one_line(tmp_path: Path, change: dict[str, object], complaint: str) -> None:
    path = tmp_path / "predictions.npz"
    arrays = {name: value for name, value in (GOOD | change).items() if value is not None}
    np.savez(path, **arrays)  # type: ignore[arg-type]
    with pytest.raises(InputError, match=complaint) as refusal:
        read_predictions(path)
    assert str(path) in str(refusal.value)
    assert "\n" not in str(refusal.value)


@pytest.mark.parametrize("content", [b"", b"no zip", b"PK\x03\x04 torn"])
def test_a_torn_file_and_none_are_one_line(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "predictions.npz"
    with pytest.raises(InputError, match="is not there"):
        read_predictions(path)
    path.write_bytes(content)
    with pytest.raises(InputError, match="cannot be read"):
        read_predictions(path)


def test_pairs_have_names_that_do_not_depend_on_where_they_stand() -> None:
    pairs = Pairs(["en", "en", "sw", "en"], ["p", "p", "p", "p"], ["h", "i", "h", "h"], np.zeros(4, dtype=np.int64))
    names = pairs.ids
    assert len(set(names)) == 4
    assert names[3] == f"{names[0]}-2"
    assert pairs.of(["sw"]).ids == [names[2]]
    assert len(set(pairs.premise_ids)) == 2
