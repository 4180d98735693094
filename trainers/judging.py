"""A toxicity network's view of comments that it is not trained on."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from trainers.data.cleaning import clean
from trainers.data.comments import Comments
from trainers.data.tokens import KeptTokens
from trainers.devices.base import Device
from trainers.metrics.toxicity import toxic_probabilities, toxicity_metrics
from trainers.models.toxicity import ToxicityNetwork
from trainers.prediction import predict
from trainers.view import PLAIN, View

# Rows per batch, where nothing is kept for a backward pass.
ROWS = 64


class Judge:
    """Comments, cleaned by `steps`, as this network sees them. All processes share the work and get the whole."""

    def __init__(self, network: ToxicityNetwork, comments: Comments, steps: Sequence[str], device: Device) -> None:
        self.comments = comments
        self._network = network
        self._device = device
        self._tokens = KeptTokens(network.encoder.tokens, [clean(text, steps) for text in comments.texts])

    def evaluate(self, rows: int | None = None, view: View = PLAIN) -> dict[str, float]:
        """The metrics over all comments, or over the first `rows` of them."""
        return toxicity_metrics(self._logits(rows, view), self.comments.toxic[:rows])

    def probabilities(self, rows: int | None = None) -> NDArray[np.float64]:
        """How probably each comment is toxic, or each of the first `rows`."""
        return toxic_probabilities(self._logits(rows))

    def _logits(self, rows: int | None, view: View = PLAIN) -> NDArray[np.float32]:
        places = np.arange(len(self.comments))[:rows]
        return predict(self._network, places, self._tokens, self._device, ROWS, view)
