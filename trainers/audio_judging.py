"""An audio network's view of clips that it is not trained on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from trainers.data.batches import Batch
from trainers.data.clips import Clips
from trainers.data.spectrograms import Windows
from trainers.devices.base import Device
from trainers.metrics.audio import audio_metrics, class_metrics, write_classes
from trainers.models.audio import AudioNetwork
from trainers.prediction import predict
from trainers.predictions import FILE, LABEL, Predictions, write_predictions
from trainers.view import PLAIN, View

# Rows per batch, where nothing is kept for a backward pass. Whole clips, of which none is as long as another, go alone.
ROWS = 64
CLASSES = "per_class.csv"


class AudioJudge:
    """Clips as this network hears them, by their first window or in full length.

    For a device that compiles for every length they are as long as the next whole number of windows, which changes
    scores a little. All processes share the work and get the whole.
    """

    def __init__(
        self,
        network: AudioNetwork,
        clips: Clips,
        windows: Windows,
        device: Device,
        full_length: bool = False,
        precision: str = "fp32",
    ) -> None:
        self.clips = clips
        self.full_length = full_length
        self._network = network
        self._windows = windows
        self._device = device
        self._precision = precision

    def logits(self, rows: int | None = None, view: View = PLAIN) -> NDArray[np.float32]:
        """What the network says of each clip and class, (clips, classes), or of the first `rows` clips."""
        places = np.arange(len(self.clips))[:rows]
        in_full = self._windows.whole_windows if self._device.lazy else self._windows.whole
        seen, together = (in_full, 1) if self.full_length else (self._windows.first, ROWS)

        def score(batch: Batch) -> Tensor:
            logits: Tensor = self._network(batch["features"])
            return logits

        return predict(score, places, seen, self._device, together, view, self._precision)

    def probabilities(self, columns: Sequence[int], rows: int | None = None) -> NDArray[np.float64]:
        """The sigmoids of the logits of these columns."""
        chosen = self.logits(rows)[:, list(columns)]
        probabilities: NDArray[np.float64] = torch.sigmoid(torch.from_numpy(chosen).double()).numpy()
        return probabilities


class AudioEvaluation:
    """Metrics of held-out curated clips and, apart from them, of noisy ones; and files of the last evaluation."""

    def __init__(self, curated: AudioJudge, noisy: AudioJudge | None, classes: Sequence[str], device: Device) -> None:
        self._curated = curated
        self._noisy = noisy
        self._classes = classes
        self._device = device
        self._logits: NDArray[np.float32] | None = None

    def evaluate(self, rows: int | None = None, view: View = PLAIN) -> dict[str, float]:
        """The metrics over all clips, or over the first `rows` of each kind."""
        labels = self._curated.clips.labels[:rows]
        self._logits = self._curated.logits(rows, view)
        metrics = audio_metrics(self._logits, labels) | class_metrics(self._logits, labels, self._classes)
        if self._noisy is not None:
            apart = audio_metrics(self._noisy.logits(rows, view), self._noisy.clips.labels[:rows])
            metrics |= {f"noisy_{name}": value for name, value in apart.items()}
        return metrics

    def artefacts(self, folder: Path) -> Mapping[str, Path]:
        """Writes what was predicted of the curated clips, and the scores of all classes."""
        if self._logits is None:
            return {}
        clips, seen = self._curated.clips, len(self._logits)
        labels = clips.labels[:seen]
        if self._device.team.rank == 0:
            predictions = Predictions(clips.ids[:seen], self._classes, self._logits, labels, "lwlrap")
            write_predictions(folder / FILE, predictions)
            write_classes(folder / CLASSES, self._logits, labels, self._classes)
        return {LABEL: folder / FILE, "per_class": folder / CLASSES}
