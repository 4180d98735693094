"""Experiments whose trials kept predictions of held-out rows, made in a moment."""

import numpy as np
from builders import Recorder

from cockpit.ensemble.scoring import METRICS
from trainers.predictions import FILE, Predictions, write_predictions

ROWS = 120


def truth(rows=ROWS):
    """Ids, labels (rows, 1) and groups of two rows each, always the same."""
    labels = (np.random.default_rng(7).random(rows) < 0.4).astype(np.int8)
    return [f"r{row}" for row in range(rows)], labels[:, None], [f"g{row // 2}" for row in range(rows)]


def noisy(seed, noise, rows=ROWS):
    """Predictions of these rows as a model has them that sees the truth through noise; from 0 to 1."""
    ids, labels, groups = truth(rows)
    scores = labels + noise * np.random.default_rng(seed).standard_normal(labels.shape)
    return Predictions(ids, ("toxic",), 1 / (1 + np.exp(-scores)), labels, "auc", groups)


def part(predictions, rows):
    """The predictions of these rows alone."""
    chosen = range(len(predictions.ids))[rows]
    return Predictions(
        [predictions.ids[row] for row in chosen],
        predictions.columns,
        predictions.scores[rows],
        predictions.labels[rows],
        predictions.metric,
        [predictions.groups[row] for row in chosen],
    )


def experiment(logs, name, *trials, varied=("x",), folds=()):
    """A finished experiment with one trial for each of `trials`; one that is None kept no predictions."""
    recorder = Recorder(logs, name, metric="auc", trainer="toxicity", varied=list(varied), trials=len(trials))
    for number, predictions in enumerate(trials):
        config = {"x": number} | ({"fold": folds[number]} if folds else {})
        score = 0.1 if predictions is None else METRICS[predictions.metric](predictions.labels, predictions.scores)
        recorder.trial(number, [score], metric="auc", config=config, baseline=number == 0)
        if predictions is not None:
            write_predictions(recorder.run.trial(f"t{number:03d}").path / FILE, predictions)
    return recorder.end()
