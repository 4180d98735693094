"""What a model says of rows that it was not trained on, as a file that ensembles and thresholds are found from."""

from __future__ import annotations

import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from trainers.contract import InputError
from trainers.files import write_atomically

FILE = "predictions.npz"
LABEL = "predictions"


@dataclass(frozen=True)
class Predictions:
    """Rows by their `ids`; the more probable a column's class is, the higher its score.

    `scores` and `labels` have the shape (rows, columns), labels being 0 or 1. `metric` names the score that a trial is
    ranked by. Rows of one of the `groups` are not independent of each other; without groups every row is its own.
    """

    ids: Sequence[str]
    columns: Sequence[str]
    scores: NDArray[np.floating]
    labels: NDArray[np.integer]
    metric: str
    groups: Sequence[str] = ()

    def __post_init__(self) -> None:
        shape = (len(self.ids), len(self.columns))
        if self.scores.shape != shape or self.labels.shape != shape or len(self.groups) not in (0, len(self.ids)):
            raise ValueError(
                f"{shape[0]} ids and {shape[1]} columns do not fit scores {self.scores.shape}, "
                f"labels {self.labels.shape} and {len(self.groups)} groups"
            )


def write_predictions(path: Path, predictions: Predictions) -> Path:
    """Writes plain arrays, which can be read without trusting the file. Raises `OSError`."""
    arrays = {
        "ids": np.array(predictions.ids, dtype=np.str_),
        "columns": np.array(predictions.columns, dtype=np.str_),
        "scores": predictions.scores.astype(np.float32),
        "labels": predictions.labels.astype(np.int8),
        "metric": np.array(predictions.metric),
        "groups": np.array(predictions.groups, dtype=np.str_),
    }
    write_atomically(path, lambda stream: np.savez_compressed(stream, allow_pickle=False, **arrays))
    return path


def read_predictions(path: Path) -> Predictions:
    """What `write_predictions` wrote; nothing in the file is executed. Raises `InputError` for anything else."""
    try:
        with path.open("rb") as stream, np.lib.npyio.NpzFile(stream, own_fid=False, allow_pickle=False) as arrays:
            found = {name: arrays[name] for name in ("ids", "columns", "scores", "labels", "metric", "groups")}
    except FileNotFoundError:
        raise InputError(f"{path} is not there: no evaluation kept its predictions") from None
    except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile, SyntaxError, MemoryError) as error:
        reason = " ".join(str(error).split())[:120]
        raise InputError(f"{path} cannot be read as predictions ({reason}); train again to have it written") from None
    problem = _problem(found)
    if problem:
        raise InputError(f"{path} is not what predictions are: {problem}")
    ids, columns, groups = (found[name].tolist() for name in ("ids", "columns", "groups"))
    return Predictions(ids, columns, found["scores"], found["labels"], str(found["metric"]), groups)


def _problem(found: Mapping[str, NDArray[Any]]) -> str:
    """What is wrong with arrays that somebody else may have written; empty where nothing is."""
    ids, columns, scores, labels, groups = (found[name] for name in ("ids", "columns", "scores", "labels", "groups"))
    texts = (ids, columns, found["metric"], groups)
    if any(array.dtype.kind != "U" for array in texts) or [array.ndim for array in texts] != [1, 1, 0, 1]:
        return "ids, columns, metric and groups are not all texts"
    if scores.dtype.kind != "f" or labels.dtype.kind not in "iub":
        return "scores and labels are not all numbers"
    if not scores.shape == labels.shape == (len(ids), len(columns)) or len(groups) not in (0, len(ids)):
        return f"{len(ids)} ids and {len(columns)} columns do not fit scores {scores.shape} and labels {labels.shape}"
    if not len(ids) or not len(columns):
        return "there are no rows in it"
    if not np.isfinite(scores).all():
        return "some scores are no finite numbers"
    if not np.isin(labels, (0, 1)).all():
        return "labels other than 0 and 1"
    if len(np.unique(ids)) < len(ids):
        return "some ids are there twice"
    return ""
