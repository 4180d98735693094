from __future__ import annotations

import math

import pytest
import torch

from trainers.losses.similarity import SimilarityBXENT, unit_vectors
from trainers.losses.vmf import VonMisesFisher

# Three sentences: two at a right angle, the third opposite to the first.
VECTORS = torch.tensor([[1.0, -1.0, 0.0, 0.0], [0.0, 0.0, 2.0, -2.0], [-3.0, 3.0, 0.0, 0.0]])
# The first two are one paragraph. Cosines: 1 on the diagonal, 0 for (0, 1) and (1, 2), -1 for (0, 2).
GROUPS = torch.tensor([0, 0, 1])


def test_the_similarity_loss_is_the_formula() -> None:
    """L = 128 · mean BCE((cos + 1)/2, Y) over the 9 pairs: guillaume-chevalier's SimilarityBXENT.

    Probabilities are 1 on the diagonal, ½ for (0, 1), which is wanted to be 1, and for (1, 2), which is wanted to be 0,
    and 0 for (0, 2), as it should be. So four of nine pairs cost ln 2 and five nothing.
    """
    found = SimilarityBXENT()(VECTORS, GROUPS)
    assert float(found) == pytest.approx(128 * 4 * math.log(2) / 9, rel=1e-4)


def test_a_temperature_and_a_bias_go_into_a_sigmoid() -> None:
    """P = σ(cos/τ + b), with τ = ½ and b = -1: logits 1 on the diagonal, -1 for right angles, -3 for (0, 2)."""
    found = SimilarityBXENT(temperature=0.5, bias=-1.0)(VECTORS, GROUPS)
    wanted, unwanted = (lambda z: math.log1p(math.exp(-z))), (lambda z: math.log1p(math.exp(z)))
    by_hand = 3 * wanted(1) + 2 * wanted(-1) + 2 * unwanted(-1) + 2 * unwanted(-3)
    assert float(found) == pytest.approx(128 * by_hand / 9, rel=1e-4)


def test_vectors_are_divided_by_their_length() -> None:
    found = unit_vectors(torch.tensor([[3.0, 4.0], [0.0, 0.0]]))
    assert found[0].tolist() == pytest.approx([0.6, 0.8], rel=1e-5)
    assert found[1].tolist() == [0.0, 0.0], "a vector without direction is no NaN"


@pytest.mark.parametrize("groups", [2, 3, 8])
def test_k_equal_paragraphs_stall_at_the_floor(groups: int) -> None:
    """The best are k directions with cosines of -1/(k-1): a loss of 128·(1 - 1/k)·(ln 2 - ln(k/(k-1)))."""
    corners = torch.eye(groups) - 1 / groups
    owners = torch.arange(groups).repeat_interleave(4)
    criterion = SimilarityBXENT()
    floor = float(criterion.floor(owners))
    by_hand = 128 * (1 - 1 / groups) * (math.log(2) - math.log(groups / (groups - 1)))
    assert floor == pytest.approx(by_hand, abs=2e-3)
    assert float(criterion(corners[owners], owners)) == pytest.approx(floor, abs=2e-3)
    assert floor <= 128 * math.log(2) * (1 - 1 / groups) + 1e-3


def test_nothing_is_below_the_floor() -> None:
    generator = torch.Generator().manual_seed(0)
    owners = torch.tensor([0, 0, 0, 1, 1, 2, 3, 3, 3, 3])
    for criterion in (SimilarityBXENT(), SimilarityBXENT(0.2, -1.0)):
        vectors = torch.randn(10, 12, generator=generator, requires_grad=True)
        optimizer = torch.optim.Adam([vectors], lr=0.05)
        for _ in range(100):
            optimizer.zero_grad()
            loss = criterion(vectors, owners)
            loss.backward()
            optimizer.step()
        floor = float(criterion.floor(owners))
        assert floor - 1e-3 < float(loss.detach()) < floor + 3.0


def test_equal_sentences_of_two_paragraphs_keep_gradients_finite() -> None:
    vectors = torch.tensor([[1.0, 2.0], [1.0, 2.0], [2.0, 1.0]], requires_grad=True)
    SimilarityBXENT()(vectors, torch.tensor([0, 1, 1])).backward()
    assert vectors.grad is not None
    assert vectors.grad.isfinite().all()


def test_the_von_mises_fisher_loss_is_the_formula() -> None:
    """−log of exp(κ μ·x) over the sum of it over paragraphs; the mixture of Banerjee et al. 2005 with one κ for all.

    Sentence 0 of `GROUPS` is told by sentence 1 (cosine 0) against the other paragraph (cosine -1); sentence 1 by
    sentence 0 (0) against the other (0). Sentence 2 is alone and does not count.
    """
    kappa = 3.0
    first = math.log(1 + math.exp(-kappa))
    second = math.log(2)
    assert float(VonMisesFisher(kappa)(VECTORS, GROUPS)) == pytest.approx((first + second) / 2, rel=1e-4)


def test_a_mean_direction_is_that_of_the_others() -> None:
    """Of three sentences the third is told by the direction between the first two, which is 45 degrees from each."""
    vectors = torch.tensor([[1.0, -1.0, 0.0, 0.0], [0.0, 0.0, 1.0, -1.0], [1.0, -1.0, 0.0, 0.0], [0.0, 0.0, -1.0, 1.0]])
    groups = torch.tensor([0, 0, 0, 1])
    root = 0.5**0.5
    third = [root, 0.0]  # own paragraph, the other one
    second = [0.0, -1.0]
    losses = [math.log(sum(math.exp(value - row[0]) for value in row)) for row in (third, second, third)]
    assert float(VonMisesFisher(1.0)(vectors, groups)) == pytest.approx(sum(losses) / 3, rel=1e-4)


def test_paragraphs_of_one_sentence_only_cost_nothing() -> None:
    vectors = torch.randn(3, 4, requires_grad=True)
    loss = VonMisesFisher()(vectors, torch.arange(3))
    loss.backward()
    assert float(loss.detach()) == 0.0
    assert vectors.grad is not None
    assert vectors.grad.isfinite().all()


def test_settings_are_those_that_are_applied() -> None:
    assert SimilarityBXENT(0.5, 2.0).settings() == {"criterion": "similarity", "temperature": 0.5, "bias": 2.0}
    assert VonMisesFisher(7.0).settings() == {"criterion": "vmf", "concentration": 7.0}
