"""What ranks a command for which nobody has named a metric."""

from __future__ import annotations

import math
from collections.abc import Sequence

import pytest

from cockpit.engine.unnamed_metric import UnnamedMetric, most_telling
from cockpit.search.metric import Metric

LOSS = Metric("loss", "minimize")


@pytest.mark.parametrize(
    ("runs", "name"),
    [
        ([], ""),
        ([["loss", "accuracy"]], "accuracy"),
        ([["precision", "recall", "f1"]], "f1"),
        ([["recall", "loss"]], "recall"),
        ([["seen", "val"], ["seen"]], "seen"),
        ([["loss", "accuracy"], ["loss"]], "loss"),
        ([["accuracy", "f1"]], "accuracy"),
    ],
)
def test_a_score_goes_before_a_loss_and_what_most_runs_have_before_both(runs: Sequence[list[str]], name: str) -> None:
    assert most_telling(runs) == name


def test_the_choice_follows_the_evaluations() -> None:
    unnamed = UnnamedMetric(LOSS)
    assert not unnamed.is_another_with({"loss": 0.5, "accuracy": "n/a"}) and unnamed.chosen == LOSS
    assert unnamed.is_another_with({"accuracy": math.nan}) and unnamed.chosen == Metric("accuracy", "maximize")
    assert not unnamed.is_another_with({"loss": 0.25}) and unnamed.chosen.name == "accuracy"
