from __future__ import annotations

import math

import numpy as np
import pytest

from trainers.metrics.inference import by_language, inference_metrics

# Right, right, wrong, right; softmax of (ln 2, 0, 0) is (1/2, 1/4, 1/4).
LOGITS = np.log(np.array([[2, 1, 1], [1, 2, 1], [2, 1, 1], [1, 1, 2]], dtype=np.float32))
LABELS = np.array([0, 1, 2, 2])


def test_loss_and_accuracies_by_hand() -> None:
    """X5, softmax cross-entropy: three rows at −ln ½, one at −ln ¼. Accuracy is the share of right rows."""
    metrics = inference_metrics(LOGITS, LABELS, ["sw", "en", "sw", "en"])
    assert metrics["loss"] == pytest.approx((3 * math.log(2) + math.log(4)) / 4, rel=1e-6)
    assert {key: value for key, value in metrics.items() if key.startswith("accuracy")} == {
        "accuracy": 0.75, "accuracy_low": pytest.approx(0.25), "accuracy_high": 1.0,
        "accuracy_en": 1.0, "accuracy_sw": 0.5,
    }  # fmt: skip


def test_the_interval_is_that_of_a_binomial() -> None:
    """Efron's percentile interval of a mean over n rows: near p ± 1.96 √(p (1 − p) / n), here 0.7 ± 0.0635."""
    labels = np.arange(200) % 3
    logits = np.eye(3, dtype=np.float32)[np.where(np.arange(200) < 140, labels, (labels + 1) % 3)]
    scores = by_language(logits, labels, ["en"] * 200)
    assert list(scores) == ["en"]
    assert (scores["en"].rows, scores["en"].accuracy) == (200, 0.7)
    assert scores["en"].low == pytest.approx(0.7 - 0.0635, abs=0.015)
    assert scores["en"].high == pytest.approx(0.7 + 0.0635, abs=0.015)
