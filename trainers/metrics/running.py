"""ROC-AUC and Matthews' correlation over the steps of a pass so far."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from trainers.metrics.matthews import matthews
from trainers.metrics.roc_auc import roc_auc
from trainers.task import Running


class RunningScores(Running):
    """`final_score` (ROC-AUC, 0 as long as there is one class only) and `mc_score` (Matthews) since a pass began.

    They are exact over the rows of all processes, but rows were scored by the weights of their own step: a number to
    watch, not to compare.
    """

    def __init__(self) -> None:
        self._pending: list[Tensor] = []
        self._taken: list[NDArray[np.float32]] = []

    def add(self, probabilities: Tensor, labels: Tensor) -> None:
        """A step's rows: how probable each is positive, and whether it is (1 or 0). Both (rows,), on any device."""
        # A vector already: what is recorded of a step has to be whole when the step ends.
        self._pending.append(torch.stack([probabilities.detach().float(), labels.float()], dim=1).reshape(-1))

    def restart(self) -> None:
        self._pending, self._taken = [], []

    def hand_over(self) -> list[Tensor]:
        handed, self._pending = self._pending, []
        return handed

    def take(self, parts: list[list[float]]) -> None:
        self._taken += [np.array(part, dtype=np.float32).reshape(-1, 2) for part in parts]

    def scores(self) -> Mapping[str, float]:
        if not self._taken:
            return {}
        # One array from here on: a long pass has many steps.
        self._taken = [np.concatenate(self._taken)]
        probabilities, labels = self._taken[0].T
        positive = (labels > 0.5).astype(np.int64)
        return {"final_score": roc_auc(positive, probabilities), "mc_score": matthews(positive, probabilities)}

    def state_dict(self) -> dict[str, Any]:
        rows = np.concatenate(self._taken) if self._taken else np.empty((0, 2), dtype=np.float32)
        return {"rows": torch.from_numpy(rows.copy())}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        self._pending, self._taken = [], [state["rows"].numpy()]
