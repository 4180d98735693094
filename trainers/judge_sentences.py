"""Judges sentence vectors: on held-out paragraphs, on the probe, and by what a simple classifier makes of them."""

from __future__ import annotations

import json
import warnings
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from trainers.data import probe
from trainers.data.batches import to_device
from trainers.data.corpus import Paragraph
from trainers.data.labelled import Labelled
from trainers.data.sentences import split_words
from trainers.data.word_batches import WordBatches
from trainers.devices.base import Device
from trainers.files import write_atomically
from trainers.metrics.overlap import Overlap, overlap
from trainers.metrics.pair_auc import pair_auc
from trainers.models.sentence_network import SentenceNetwork
from trainers.outputs import Outputs
from trainers.view import PLAIN, View

# Of logistic regression: the inverse strength of its penalty, and the most steps of its solver.
INVERSE_PENALTY = 1e3
SOLVER_STEPS = 300

Vectors = NDArray[np.float32]


class SentenceJudge:
    """Evaluates a network on the host's view of it: sentences in, vectors out.

    The probe's twenty sentences are one batch, centred by its own mean as batches are in training. Beside each figure
    stands what needs no training: for the probe the best of the trivial answers and the mean of the sentences' word
    features (`…_ngrams`), for the classifier the most frequent label.

    All processes share the work of making vectors; the first alone makes figures of them, and writes.
    """

    def __init__(
        self,
        network: SentenceNetwork,
        paragraphs: Sequence[Paragraph],
        labelled: Labelled | None,
        words: WordBatches,
        rows: int,
        device: Device,
        precision: str = "fp32",
    ) -> None:
        self._network = network
        self._labelled = labelled
        self._words = words
        self._rows = rows
        self._device = device
        self._precision = precision
        # Mixed as in training, always in the same way: neighbours in a text are no fair sample of other paragraphs.
        mixed = [paragraphs[place] for place in np.random.default_rng(0).permutation(len(paragraphs))]
        self._sentences = [sentence for paragraph in mixed for sentence in paragraph.sentences]
        self._groups = np.repeat(np.arange(len(mixed)), [len(paragraph.sentences) for paragraph in mixed])
        self._baselines = {name: overlap(answer, probe.expected()) for name, answer in probe.trivial().items()}
        ngrams = _cosines(_centred(self._mean_features(probe.sentences())))
        self._baselines["ngrams"] = overlap(probe.clipped(ngrams), probe.expected())
        self._pair_auc_ngrams = self._pair_auc(self._mean_features(self._sentences))
        self._probed: Vectors = np.empty((0, 0), np.float32)

    def evaluate(self, view: View = PLAIN) -> dict[str, float]:
        """All figures. The network is to be in evaluation mode."""
        vectors = self._vectors(self._sentences, view)
        self._probed = _cosines(_centred(self._vectors(probe.sentences(), view)))
        means = None if self._labelled is None else self._means(self._labelled.texts, view)
        return self._device.team.once(lambda: self._figures(vectors, means))

    def _figures(self, vectors: Vectors, means: NDArray[np.float64] | None) -> dict[str, float]:
        """Of the vectors of held-out sentences and of labelled texts, and of the probe's similarities."""
        figures = {
            "loss": self._loss(vectors),
            "pair_auc": self._pair_auc(vectors),
            "pair_auc_ngrams": self._pair_auc_ngrams,
            **self._probe_scores(overlap(probe.clipped(self._probed), probe.expected())),
        }
        if self._labelled is not None and means is not None:
            figures["downstream_accuracy"] = classify(means, self._labelled)
            figures["downstream_majority"] = self._labelled.majority
        return figures

    def write(self, folder: Path) -> Mapping[str, Path]:
        """`probe.json`: the probe's sentences, similarities, predicted and expected cells, and all scores."""
        path = folder / "probe.json"
        if self._device.team.rank == 0:
            self._write_probe(path)
        return {"probe": path}

    def _write_probe(self, path: Path) -> None:
        predicted = probe.clipped(self._probed)
        scores = {"model": overlap(predicted, probe.expected()), **self._baselines}
        told = {
            "sentences": probe.sentences(),
            "similarity": [[round(float(value), 4) for value in row] for row in self._probed],
            "predicted": predicted.astype(int).tolist(),
            "expected": probe.expected().astype(int).tolist(),
            "scores": {name: asdict(score) for name, score in scores.items()},
        }
        write_atomically(path, lambda stream: stream.write(json.dumps(told, indent=1).encode()))

    def _probe_scores(self, found: Overlap) -> dict[str, float]:
        trivial = [score for name, score in self._baselines.items() if name != "ngrams"]
        scores: dict[str, float] = {}
        for name, value in asdict(found).items():
            scores[f"probe_{name}"] = value
            scores[f"probe_{name}_trivial"] = max(getattr(score, name) for score in trivial)
        return scores | {"probe_f1_ngrams": self._baselines["ngrams"].f1}

    def _means(self, texts: Sequence[Sequence[str]], view: View) -> NDArray[np.float64]:
        """The mean of the unit vectors of each text's sentences, shape (texts, dimensions)."""
        vectors = _units(self._vectors([sentence for text in texts for sentence in text], view))
        starts = np.cumsum([0, *(len(text) for text in texts)])[:-1]
        means: NDArray[np.float64] = np.add.reduceat(vectors, starts) / np.array([len(text) for text in texts])[:, None]
        return means

    @torch.no_grad()
    def _vectors(self, sentences: Sequence[str], view: View = PLAIN) -> Vectors:
        """One vector a sentence, shape (sentences, dimensions)."""
        outputs = Outputs(self._device)
        batches = view.batches(len(sentences), self._rows)
        for places in self._device.team.share(batches):
            # Padded to one shape, but for a sentence that is to be alone.
            rows = 1 if view.alone and len(places) == 1 else self._rows
            batch = self._words.batch([sentences[place] for place in places], rows)
            with self._device.autocast(self._precision):
                vectors_of_batch = self._network.encoder(to_device(batch, self._device))
            outputs.add({"vectors": vectors_of_batch}, len(places))
            self._device.step_end()
        # Device sync: all vectors come to the host.
        vectors: Vectors = view.in_place(outputs.on_host()["vectors"], batches).numpy()
        return vectors

    def _loss(self, vectors: Vectors) -> float:
        """The sentences' part of the training loss, over full batches of held-out paragraphs."""
        losses = []
        full = max(1, len(vectors) // self._rows)
        for start in range(0, full * self._rows, self._rows):
            chosen = slice(start, start + self._rows)
            groups = torch.from_numpy(self._groups[chosen] - self._groups[start])
            losses.append(float(self._network.criterion(torch.from_numpy(vectors[chosen]), groups)))
        return float(np.mean(losses))

    def _pair_auc(self, vectors: Vectors) -> float:
        return _mean_over_blocks(len(vectors), lambda rows: pair_auc(_cosines(vectors[rows]), self._groups[rows]))

    def _mean_features(self, sentences: Sequence[str]) -> Vectors:
        """What is known without training: unit vectors of the mean of a sentence's word features."""
        sums = np.stack(
            [self._words.features(split_words(sentence)).sum(0, dtype=np.float32) for sentence in sentences]
        )
        return _units(sums)


def classify(vectors: NDArray[Any], labelled: Labelled) -> float:
    """Accuracy on the test rows of a logistic regression fitted to the training rows; one vector for each text."""
    from sklearn.exceptions import ConvergenceWarning
    from sklearn.linear_model import LogisticRegression

    labels = np.array(labelled.labels)
    train, test = list(labelled.train), list(labelled.test)
    with warnings.catch_warnings():
        # A fit that is cut short says little less, and takes no longer than planned.
        warnings.simplefilter("ignore", ConvergenceWarning)
        model = LogisticRegression(C=INVERSE_PENALTY, max_iter=SOLVER_STEPS).fit(vectors[train], labels[train])
    return float(model.score(vectors[test], labels[test]))


def _centred(vectors: Vectors) -> Vectors:
    centred: Vectors = vectors - vectors.mean(0)
    return centred


def _units(vectors: Vectors) -> Vectors:
    units: Vectors = vectors / np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-6)
    return units


def _cosines(vectors: Vectors) -> Vectors:
    units = _units(vectors)
    cosines: Vectors = units @ units.T
    return cosines


# Sentences of which all pairs are compared at once.
_BLOCK = 1024


def _mean_over_blocks(rows: int, measure: Callable[[slice], float]) -> float:
    values = [measure(slice(start, start + _BLOCK)) for start in range(0, max(rows - _BLOCK // 2, 1), _BLOCK)]
    return float(np.nanmean(values)) if not np.isnan(values).all() else float("nan")
