"""Poolings over tokens or places, by hand."""

from __future__ import annotations

import math

import pytest
import torch

from trainers.models.image import build_image_branch
from trainers.models.pooling import LastLayers, Pooling
from trainers.models.text import NgramBag

# Two texts of three places with two features each. The second has one place; what stands behind it does not count.
VECTORS = torch.tensor([[[1.0, -1.0], [2.0, 4.0], [3.0, 0.0]], [[5.0, 1.0], [9.0, 9.0], [9.0, 9.0]]])
PRESENT = torch.tensor([[1, 1, 1], [1, 0, 0]])


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        ("mean", [[2.0, 1.0], [5.0, 1.0]]),
        ("max", [[3.0, 4.0], [5.0, 1.0]]),
        ("mean_max", [[2.0, 1.0, 3.0, 4.0], [5.0, 1.0, 5.0, 1.0]]),
        ("cls", [[1.0, -1.0], [5.0, 1.0]]),
        # ((1 + 8 + 27) / 3)^⅓, and (64 / 3)^⅓ where −1 and 0 count as 1e-6: Radenović et al. 2019, equation 3.
        ("gem", [[12 ** (1 / 3), (64 / 3) ** (1 / 3)], [5.0, 1.0]]),
    ],
)
def test_poolings_look_at_what_is_there(kind: str, expected: list[list[float]]) -> None:
    pooling = Pooling(kind)
    pooled = pooling(VECTORS, PRESENT).detach()
    torch.testing.assert_close(pooled, torch.tensor(expected))
    assert pooled.shape[1] == 2 * pooling.widening
    torch.testing.assert_close(pooling(VECTORS[:1]).detach(), pooled[:1])


@pytest.mark.parametrize("kind", ["mean", "max", "mean_max", "gem"])
def test_a_row_of_nothing_is_nothing_and_has_no_infinite_gradient(kind: str) -> None:
    vectors = VECTORS.clone().requires_grad_()
    pooling = Pooling(kind)
    pooled = pooling(vectors, torch.tensor([[0, 0, 0], [1, 1, 0]]))
    pooled.sum().backward()
    assert pooled[0].abs().max() < 1e-5
    assert vectors.grad is not None
    assert all(gradient.isfinite().all() for gradient in (vectors.grad, *(p.grad for p in pooling.parameters())))


def test_the_exponent_of_gem_is_learnt_and_1_is_the_mean() -> None:
    pooling = Pooling("gem")
    assert [parameter.item() for parameter in pooling.parameters()] == [3.0]
    next(pooling.parameters()).data.fill_(1.0)
    torch.testing.assert_close(pooling(VECTORS.abs()).detach(), VECTORS.abs().mean(1))


def test_the_last_layers_are_weighed_by_a_softmax() -> None:
    """With weights of ln 3 and 0 the layers count ¾ and ¼; the layer before does not count."""
    layers = LastLayers(2, dropout=0.0)
    hidden = [torch.full((1, 1, 1), value) for value in (100.0, 4.0, 8.0)]
    assert layers(hidden).item() == pytest.approx(6.0)
    layers.weights.data = torch.tensor([math.log(3.0), 0.0])
    assert layers(hidden).item() == pytest.approx(0.75 * 4 + 0.25 * 8)


@pytest.mark.parametrize("kind", ["mean", "max", "mean_max", "gem"])
def test_small_branches_have_every_pooling_that_makes_sense(kind: str) -> None:
    net = build_image_branch("small", 16, kind)
    assert net(torch.zeros(2, 3, 16, 16, dtype=torch.uint8)).shape == (2, net.features)
    assert net.settings() == {"image_pooling": kind}
    bag = NgramBag(buckets=64, features=4, pooling=kind)
    short, long = bag.encode(["apple", ""], 16), bag.encode(["apple", ""], 64)
    assert bag(short).shape == (2, bag.features)
    torch.testing.assert_close(bag(short), bag(long))
