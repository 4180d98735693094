"""A toxicity network's view of comments that it is not trained on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from trainers.data.cache import Cache
from trainers.data.cleaning import clean
from trainers.data.comments import Comments
from trainers.data.tokens import KeptTokens
from trainers.devices.base import Device
from trainers.metrics.toxicity import toxic_probabilities, toxicity_metrics
from trainers.models.toxicity import ToxicityNetwork
from trainers.prediction import predict
from trainers.predictions import FILE, LABEL, Predictions, write_predictions
from trainers.view import PLAIN, View

# Rows per batch, where nothing is kept for a backward pass.
ROWS = 64


class Judge:
    """Comments, cleaned by `steps`, as this network sees them. All processes share the work and get the whole."""

    def __init__(
        self,
        network: ToxicityNetwork,
        comments: Comments,
        steps: Sequence[str],
        device: Device,
        cache: Cache | None = None,
        precision: str = "fp32",
    ) -> None:
        self.comments = comments
        self._network = network
        self._device = device
        self._precision = precision
        texts = [clean(text, steps) for text in comments.texts]
        self._tokens = KeptTokens(network.encoder.tokens, texts, cache=cache)
        self._judged: NDArray[np.float32] | None = None

    def evaluate(self, rows: int | None = None, view: View = PLAIN) -> dict[str, float]:
        """The metrics over all comments, or over the first `rows` of them."""
        logits = self._logits(rows, view)
        if rows is None:
            self._judged = logits
        return toxicity_metrics(logits, self.comments.toxic[:rows])

    def write(self, folder: Path) -> Mapping[str, Path]:
        """Writes how probably each comment is toxic by the last evaluation. The first process writes."""
        if self._judged is None:
            return {}
        path = folder / FILE
        if self._device.team.rank == 0:
            scores = toxic_probabilities(self._judged)[:, None]
            write_predictions(
                path, Predictions(self.comments.ids, ("toxic",), scores, self.comments.toxic[:, None], "auc")
            )
        return {LABEL: path}

    def probabilities(self, rows: int | None = None) -> NDArray[np.float64]:
        """How probably each comment is toxic, or each of the first `rows`."""
        return toxic_probabilities(self._logits(rows))

    def _logits(self, rows: int | None, view: View = PLAIN) -> NDArray[np.float32]:
        places = np.arange(len(self.comments))[:rows]
        return predict(self._network, places, self._tokens, self._device, ROWS, view, self._precision)
