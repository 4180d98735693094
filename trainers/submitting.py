"""Predicts the rows of a test set and writes submissions."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from trainers.devices.team import Team
from trainers.submission import Form, write_submission

SUBMISSION = "submission.csv"
# Where the predictions of single passes of tuning go.
PARTS = "node_submissions"

# The probabilities of all rows of a test set, or of the first so many.
Predict = Callable[[int | None], NDArray[np.float64]]


class NoSubmission:
    """For data without a test set."""

    def of_best(self, folder: Path) -> Mapping[str, Path]:
        """Nothing."""
        return {}

    def of_pass(self, number: int, folder: Path) -> Mapping[str, Path]:
        """Nothing."""
        return {}

    def rehearse(self, folder: str, rows: int) -> None:
        """Nothing."""


class Submitter(NoSubmission):
    """Writes `submission.csv`: of the best state, and after tuning the mean over its passes.

    All processes have to call what is called, and the first alone writes. The predictions of passes are kept in
    `memory`, so that a checkpoint has them. `predict` gives what belongs in the columns of `form`.
    """

    def __init__(self, predict: Predict, form: Form, memory: dict[str, Any], team: Team) -> None:
        self._predict = predict
        self._form = form
        self._memory = memory
        self._team = team

    def of_best(self, folder: Path) -> Mapping[str, Path]:
        """Of the model as it is."""
        return self._write({folder / SUBMISSION: self._predict(None)})

    def of_pass(self, number: int, folder: Path) -> Mapping[str, Path]:
        """Of the model after a pass of tuning, and the mean over all passes so far."""
        self._memory[f"tuned {number}"] = torch.from_numpy(self._predict(None))
        passes = [value.numpy() for value in self._memory.values()]
        part = folder / PARTS / f"submission_{number}.csv"
        return self._write({part: passes[-1], folder / SUBMISSION: np.mean(passes, axis=0)})

    def rehearse(self, folder: str, rows: int) -> None:
        """Writes a submission of the first rows where the real one will be, and takes it away again."""
        values = self._predict(rows)
        if self._team.rank == 0:
            if folder:
                Path(folder).mkdir(parents=True, exist_ok=True)
            with TemporaryDirectory(prefix=".preflight-", dir=folder or None) as place:
                write_submission(Path(place) / SUBMISSION, self._form.of_first(rows), values)

    def _write(self, files: Mapping[Path, NDArray[np.float64]]) -> Mapping[str, Path]:
        if self._team.rank == 0:
            for path, values in files.items():
                write_submission(path, self._form, values)
        return {path.stem: path for path in files}
