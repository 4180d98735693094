"""A pair classifier's view of pairs that it is not trained on."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from trainers.data.cache import Cache
from trainers.data.pairs import LABELS, Pairs
from trainers.data.tokens import KeptTokens
from trainers.devices.base import Device
from trainers.files import write_atomically
from trainers.metrics.inference import by_language, inference_metrics
from trainers.models.pair_classifier import PairClassifier
from trainers.prediction import predict
from trainers.predictions import FILE, LABEL, Predictions, write_predictions
from trainers.view import PLAIN, View

# Rows per batch, where nothing is kept for a backward pass.
ROWS = 64


class PairJudge:
    """Pairs as this network sees them. All processes share the work and get the whole."""

    def __init__(
        self,
        network: PairClassifier,
        pairs: Pairs,
        device: Device,
        cache: Cache | None = None,
        precision: str = "fp32",
    ) -> None:
        self.pairs = pairs
        self._network = network
        self._device = device
        self._precision = precision
        self._tokens = KeptTokens(network.encoder.tokens, pairs.premises, pairs.hypotheses, cache)
        self._logits: NDArray[np.float32] | None = None

    def evaluate(self, view: View = PLAIN) -> dict[str, float]:
        """The metrics over all pairs."""
        self._logits = predict(self._network, self.pairs.rows, self._tokens, self._device, ROWS, view, self._precision)
        return inference_metrics(self._logits, self.pairs.labels, self.pairs.langs, self.pairs.premise_ids)

    def artefacts(self, folder: Path) -> Mapping[str, Path]:
        """Writes what the last evaluation found.

        `languages.tsv` has the accuracy of each language with its interval of 95 %, `predictions.npz` the probability
        of each label for every pair.
        """
        if self._logits is None:
            return {}
        path, kept = folder / "languages.tsv", folder / FILE
        if self._device.team.rank == 0:
            scores = by_language(self._logits, self.pairs.labels, self.pairs.langs, self.pairs.premise_ids)
            lines = ["language\trows\taccuracy\tlow\thigh"]
            lines += [
                f"{lang}\t{one.rows}\t{one.accuracy:.6f}\t{one.low:.6f}\t{one.high:.6f}" for lang, one in scores.items()
            ]
            write_atomically(path, lambda stream: stream.write(("\n".join(lines) + "\n").encode()))
            write_predictions(kept, self._predictions(self._logits))
        return {"languages": path, LABEL: kept}

    def _predictions(self, logits: NDArray[np.float32]) -> Predictions:
        scores = torch.from_numpy(logits).double().softmax(1).numpy()
        labels = np.eye(len(LABELS), dtype=np.int8)[self.pairs.labels]
        return Predictions(self.pairs.ids, LABELS, scores, labels, "accuracy", self.pairs.premise_ids)
