from __future__ import annotations

import math

import pytest
import torch

from trainers.losses.toxicity import ToxicityLoss, evaluation_loss, floor, smoothed, toxic_probability

# A toxic row and a harmless one; the logits are such that probabilities are round numbers.
LOGITS = torch.tensor([[0.0, math.log(3.0), *[0.0] * 5], [math.log(4.0), 0.0, *[0.0] * 5]])
TOXIC = torch.tensor([1, 0])
AUXILIARY = torch.tensor([[1.0, 0.0, 0.0, 1.0, 0.0], [0.0] * 5])
KNOWN = torch.ones(2)


def test_labels_are_drawn_towards_each_other() -> None:
    assert smoothed(torch.tensor([0.0, 1.0]), 0.1).tolist() == pytest.approx([0.1, 0.9])


def test_the_training_loss_is_the_one_computed_by_hand() -> None:
    # softmax: (1/4, 3/4) and (4/5, 1/5). Logits of 0 cost ln 2 whatever the auxiliary label.
    first = -(0.1 * math.log(1 / 4) + 0.9 * math.log(3 / 4))
    second = -(0.9 * math.log(4 / 5) + 0.1 * math.log(1 / 5))
    expected = (first + second) / 2 + math.log(2) / 5
    losses = ToxicityLoss(0.1, 1 / 5)(LOGITS, TOXIC, AUXILIARY, KNOWN)
    assert float(losses["loss"]) == pytest.approx(expected, rel=1e-6)
    assert float(losses["loss_above_floor"]) == pytest.approx(expected - floor(0.1, 1 / 5), rel=1e-5)


def test_the_auxiliary_part_is_a_mean_over_smoothed_labels_of_labelled_rows() -> None:
    logits = LOGITS.clone()
    logits[:, 2:] = torch.tensor([1.0, -2.0, 0.5, 0.0, 3.0])
    each = [
        math.log1p(math.exp(x)) - (0.05 + 0.9 * a) * x
        for x, a in zip([1.0, -2.0, 0.5, 0.0, 3.0], [1, 0, 0, 1, 0], strict=True)
    ]
    with_it, without = (
        float(ToxicityLoss(0.05, weight)(logits, TOXIC, AUXILIARY, torch.tensor([1.0, 0.0]))["loss"])
        for weight in (1, 0)
    )
    assert with_it - without == pytest.approx(sum(each) / 5, rel=1e-5)


@pytest.mark.parametrize(
    ("smoothing", "weight", "expected"),
    [
        (0.1, 1 / 5, 0.390),
        (0.1, 1 / 3, 0.433),
        (0.1, 1, 0.650),
        (0.05, 1 / 5, 0.238),
        (0.05, 1 / 3, 0.265),
        (0.05, 1, 0.397),
        (0.0, 1, 0.0),
    ],
)
def test_the_floor_is_the_entropy_of_smoothed_labels_and_is_reached(
    smoothing: float, weight: float, expected: float
) -> None:
    assert floor(smoothing, weight) == pytest.approx(expected, abs=5e-4)
    edge = math.log((1 - smoothing) / smoothing) if smoothing else 50.0
    best = torch.stack([-TOXIC * edge, (TOXIC - 1) * edge], 1)
    best = torch.cat([best, edge * (2 * AUXILIARY - 1)], 1)
    losses = ToxicityLoss(smoothing, weight)(best, TOXIC, AUXILIARY, KNOWN)
    assert float(losses["loss_above_floor"]) == pytest.approx(0.0, abs=1e-6)


def test_without_auxiliary_labels_the_floor_has_one_part() -> None:
    losses = ToxicityLoss(0.1, 1.0)(LOGITS, TOXIC, AUXILIARY * 0, KNOWN * 0)
    assert float(losses["loss"] - losses["loss_above_floor"]) == pytest.approx(floor(0.1, 0.0), rel=1e-6)


def test_the_evaluation_loss_knows_neither_smoothing_nor_auxiliary_labels() -> None:
    # BCE with the one-hot label: of logits (0, ln 3) with (0, 1), and of (ln 4, 0) with (1, 0).
    expected = (math.log(2) + math.log(4 / 3) + math.log(5 / 4) + math.log(2)) / 4
    assert float(evaluation_loss(LOGITS, TOXIC)) == pytest.approx(expected, rel=1e-6)
    assert toxic_probability(LOGITS).tolist() == pytest.approx([3 / 4, 1 / 5])
