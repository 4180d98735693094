"""Losses of pairs and the miner that chooses them, by hand and beside those of pytorch-metric-learning."""

from __future__ import annotations

import math

import pytest
import torch
from pytorch_metric_learning import distances, losses, miners
from torch import Tensor

from trainers.losses.arcface import ArcFace
from trainers.losses.circle import Circle
from trainers.losses.matching import MatchingLoss, build_loss
from trainers.losses.multi_similarity import MultiSimilarityMiner
from trainers.losses.ntxent import NTXent
from trainers.losses.pairs import PairLoss, Pairs
from trainers.losses.supcon import SupCon
from trainers.losses.triplet import Triplet
from trainers.settings.matching_losses import LossSettings

SQUARED = distances.LpDistance(normalize_embeddings=True, p=2, power=2)
PEERS = [
    (Triplet(0.2), losses.TripletMarginLoss(margin=0.2, distance=SQUARED)),
    (SupCon(0.1), losses.SupConLoss(temperature=0.1)),
    (NTXent(0.1), losses.NTXentLoss(temperature=0.1)),
    (Circle(0.4, 80.0), losses.CircleLoss(m=0.4, gamma=80)),
]
NAMES = [type(ours).__name__ for ours, _ in PEERS]


def three() -> Pairs:
    """Two rows of one group at 0° and 60°, one of another at 90°: cosines of 0.5 between the two, 0 and 0.86603."""
    angles = torch.tensor([0.0, 60.0, 90.0]).deg2rad()
    return Pairs.of(7.0 * torch.stack([angles.cos(), angles.sin()], dim=1), torch.tensor([4, 4, 9]))


def rows(seed: int = 0, spread: float = 1.0) -> tuple[Tensor, Tensor]:
    """Embeddings around the centers of 6 groups, one of which has a single row."""
    generator = torch.Generator().manual_seed(seed)
    labels = torch.tensor([0, 0, 0, 1, 1, 2, 2, 2, 2, 3, 3, 4, 4, 4, 5])
    centers = torch.randn(6, 8, generator=generator)
    return (centers[labels] + spread * torch.randn(15, 8, generator=generator)).requires_grad_(), labels


def test_a_row_is_no_pair_with_itself() -> None:
    pairs = three()
    assert pairs.positive.tolist() == [[False, True, False], [True, False, False], [False, False, False]]
    assert pairs.negative.tolist() == [[False, False, True], [False, False, True], [True, True, False]]
    assert pairs.similarity[1].tolist() == pytest.approx([0.5, 1.0, 0.866025], abs=1e-5)


def test_triplets_that_are_solved_do_not_count() -> None:
    """Schroff et al. 2015, equation 3: 2·(0 − 0.5) + 0.2 < 0 is solved, 2·(0.86603 − 0.5) + 0.2 = 0.93205 is not."""
    assert Triplet(margin=0.2)(three()).item() == pytest.approx(0.93205, abs=1e-4)


def test_one_positive_against_one_negative() -> None:
    """Khosla et al. 2020, equation 2, and Chen et al. 2020, equation 1, which agree here.

    With τ = 0.5 the rows have ln(1 + e^(0 − 1)) = 0.31326 and ln(1 + e^(1.73205 − 1)) = 1.12472.
    """
    for loss in (SupCon(temperature=0.5), NTXent(temperature=0.5)):
        assert loss(three()).item() == pytest.approx((0.31326 + 1.12472) / 2, abs=1e-4)


def test_only_supcon_has_other_positives_in_the_denominator() -> None:
    """Three equal rows and one opposite, τ = 1: ln(2 + e^(−1 − 1)) for SupCon, ln(1 + e^(−1 − 1)) for NT-Xent."""
    embeddings = torch.tensor([[1.0, 0.0], [2.0, 0.0], [3.0, 0.0], [-1.0, 0.0]])
    pairs = Pairs.of(embeddings, torch.tensor([0, 0, 0, 1]))
    assert SupCon(temperature=1.0)(pairs).item() == pytest.approx(math.log(2 + math.exp(-2)), abs=1e-5)
    assert NTXent(temperature=1.0)(pairs).item() == pytest.approx(math.log(1 + math.exp(-2)), abs=1e-5)


def test_the_circle_loss_pulls_harder_at_what_is_further_off() -> None:
    """Sun et al. 2020, with m = 0.25 and γ = 2, for the two rows that have a pair of each kind.

    The positive has −2·(1.25 − 0.5)·(0.5 − 0.75) = 0.375, the negatives 2·(0 + 0.25)·(0 − 0.25) = −0.125 and
    2·(0.86603 + 0.25)·(0.86603 − 0.25) = 1.375.
    """
    expected = (math.log(1 + math.exp(0.375 - 0.125)) + math.log(1 + math.exp(0.375 + 1.375))) / 2
    assert Circle(margin=0.25, gamma=2.0)(three()).item() == pytest.approx(expected, abs=1e-4)


def test_mined_are_the_pairs_that_are_not_told_apart() -> None:
    """Wang et al. 2019, ε = 0.1: of the row at 0° nothing, as 0 + 0.1 < 0.5; of that at 60° both."""
    mined = MultiSimilarityMiner(epsilon=0.1)(three())
    assert mined.positive.nonzero().tolist() == [[1, 0]]
    assert mined.negative.nonzero().tolist() == [[1, 2]]


@pytest.mark.parametrize("spread", [0.2, 1.0, 3.0])
def test_the_miner_is_that_of_pytorch_metric_learning(spread: float) -> None:
    embeddings, labels = rows(spread=spread)
    mined = MultiSimilarityMiner(0.1)(Pairs.of(embeddings, labels))
    anchors, positives, others, negatives = miners.MultiSimilarityMiner(epsilon=0.1)(embeddings, labels)
    assert set(map(tuple, mined.positive.nonzero().tolist())) == set(
        zip(anchors.tolist(), positives.tolist(), strict=True)
    )
    assert set(map(tuple, mined.negative.nonzero().tolist())) == set(
        zip(others.tolist(), negatives.tolist(), strict=True)
    )


@pytest.mark.parametrize("mined", [False, True])
@pytest.mark.parametrize(("loss", "peer"), PEERS, ids=NAMES)
def test_losses_are_those_of_pytorch_metric_learning(loss: PairLoss, peer: torch.nn.Module, mined: bool) -> None:
    embeddings, labels = rows()
    pairs, chosen = Pairs.of(embeddings, labels), None
    if mined:
        pairs = MultiSimilarityMiner(0.1)(pairs)
        chosen = miners.MultiSimilarityMiner(epsilon=0.1)(embeddings, labels)
        assert 0 < int(pairs.positive.sum()) < len(labels) ** 2
    ours, theirs = loss(pairs), peer(embeddings, labels, chosen)
    torch.testing.assert_close(ours, theirs, rtol=1e-4, atol=1e-5)
    gradients = [torch.autograd.grad(value, embeddings)[0] for value in (ours, theirs)]
    torch.testing.assert_close(*gradients, rtol=1e-3, atol=1e-5)


@pytest.mark.parametrize("labels", [[0, 1, 2, 3], [0, 0, 0, 0], [0, 0, 1, 2]])
@pytest.mark.parametrize("loss", [ours for ours, _ in PEERS], ids=NAMES)
def test_missing_pairs_make_no_gradient_infinite(loss: PairLoss, labels: list[int]) -> None:
    torch.manual_seed(0)
    embeddings = torch.randn(4, 3, requires_grad=True)
    for miner in (None, MultiSimilarityMiner(0.1)):
        value = MatchingLoss(pair_loss=loss, miner=miner)({"fused": embeddings}, torch.tensor(labels))["loss"]
        (gradient,) = torch.autograd.grad(value, embeddings)
        assert value.isfinite() and gradient.isfinite().all()
        if labels == [0, 1, 2, 3]:
            assert value == 0


def test_all_embeddings_of_a_posting_share_one_head_and_their_losses_add_up() -> None:
    torch.manual_seed(0)
    head, loss = ArcFace(3, 4, s=8.0, m=0.2), SupCon(0.2)
    criterion = MatchingLoss(head, loss, pair_weight=0.5)
    labels = torch.tensor([0, 0, 1, 1, 2])
    outputs = {name: torch.randn(5, 4) for name in ("fused", "image", "text")}
    parts = criterion(outputs, labels)
    heads = {name: head(embeddings, labels) for name, embeddings in outputs.items()}
    pairs = {name: 0.5 * loss(Pairs.of(embeddings, labels)) for name, embeddings in outputs.items()}
    torch.testing.assert_close(parts["loss"], sum(heads.values()) + sum(pairs.values()))
    torch.testing.assert_close(parts["head_loss"], sum(heads.values()))
    torch.testing.assert_close(parts["pair_loss"], sum(pairs.values()))
    torch.testing.assert_close(parts["text_loss"], heads["text"] + pairs["text"])
    assert set(parts) == {"loss", "head_loss", "pair_loss", "fused_loss", "image_loss", "text_loss"}
    assert sum(parameter.numel() for parameter in criterion.parameters()) == 3 * 4


@pytest.mark.parametrize(
    ("head", "pair_loss"),
    [
        ("arcface", "none"),
        ("subcenter", "triplet"),
        ("adacos", "supcon"),
        ("curricularface", "ntxent"),
        ("cosface", "circle"),
    ],
)
def test_no_loss_looks_at_values_before_the_step_is_done(head: str, pair_loss: str) -> None:
    """On a device without values: what asked for one, or had a shape that depends on some, would fail."""
    settings = LossSettings(head=head, pair_loss=pair_loss, miner="multi_similarity", criterion="focal")
    criterion = build_loss(settings, classes=5, embedding=4).to("meta")
    embeddings = torch.empty(6, 4, device="meta", requires_grad=True)
    parts = criterion({"fused": embeddings, "image": embeddings * 2}, torch.empty(6, dtype=torch.long, device="meta"))
    parts["loss"].backward()
    assert all(part.shape == () for part in parts.values())
    assert {"loss", "fused_loss", "image_loss"} <= set(parts)


def test_without_a_head_there_is_no_classifier() -> None:
    criterion = MatchingLoss(pair_loss=Circle(), pair_weight=0.5)
    embeddings, labels = rows()
    assert not list(criterion.parameters())
    assert criterion.settings() == {
        "head": "none", "pair_loss": "circle", "circle_margin": 0.4, "circle_gamma": 80.0, "miner": "none",
        "pair_weight": 1.0,
    }  # fmt: skip
    torch.testing.assert_close(criterion({"fused": embeddings}, labels)["loss"], Circle()(Pairs.of(embeddings, labels)))
    with pytest.raises(ValueError, match="a head, pairs, or both"):
        MatchingLoss()
