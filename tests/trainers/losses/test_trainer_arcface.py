from __future__ import annotations

import math

import pytest
import torch

from trainers.losses.arcface import ArcFace


def expected(embeddings: torch.Tensor, weight: torch.Tensor, labels: torch.Tensor, s: float, m: float) -> float:
    """φ = cosθ·cos m - sinθ·sin m while cosθ > cos(π - m), else cosθ - m·sin(π - m); in double precision."""
    losses = []
    for vector, label in zip(embeddings.double(), labels.tolist(), strict=True):
        cosines = [float(vector @ column / (vector.norm() * column.norm())) for column in weight.detach().double()]
        cosine = cosines[label]
        if cosine > math.cos(math.pi - m):
            phi = cosine * math.cos(m) - math.sqrt(1 - cosine**2) * math.sin(m)
        else:
            phi = cosine - m * math.sin(math.pi - m)
        logits = [s * (phi if index == label else value) for index, value in enumerate(cosines)]
        top = max(logits)
        losses.append(top + math.log(sum(math.exp(logit - top) for logit in logits)) - logits[label])
    return sum(losses) / len(losses)


@pytest.mark.parametrize(("s", "m"), [(32.0, 0.5), (8.0, 0.05), (64.0, 0.8), (16.0, 0.0), (10.0, 1.5)])
def test_the_loss_follows_the_formula_on_both_branches(s: float, m: float) -> None:
    torch.manual_seed(0)
    head = ArcFace(classes=5, embedding=4, s=s, m=m)
    labels = torch.arange(5).repeat(4)
    embeddings = torch.randn(20, 4)
    # Some rows point almost away from their class, where the angle plus the margin would pass π.
    embeddings[:6] = -head.weight.detach()[labels[:6]] + 0.05 * torch.randn(6, 4)
    cosine = torch.nn.functional.cosine_similarity(embeddings, head.weight.detach()[labels])
    if m > 0:
        assert (cosine <= math.cos(math.pi - m)).any()
    assert (cosine > math.cos(math.pi - m)).any()
    assert head(embeddings, labels).item() == pytest.approx(expected(embeddings, head.weight, labels, s, m), rel=1e-4)


def test_it_is_the_loss_of_pytorch_metric_learning() -> None:
    from pytorch_metric_learning.losses import ArcFaceLoss

    torch.manual_seed(0)
    head, peer = ArcFace(classes=7, embedding=5, s=30.0, m=0.4), ArcFaceLoss(7, 5, margin=math.degrees(0.4), scale=30.0)
    peer.W.data = head.weight.detach().T.clone()
    embeddings, labels = torch.randn(40, 5, requires_grad=True), torch.randint(0, 7, (40,))
    ours, theirs = head(embeddings, labels), peer(embeddings, labels)
    torch.testing.assert_close(ours, theirs)
    gradients = [torch.autograd.grad(loss, embeddings)[0] for loss in (ours, theirs)]
    torch.testing.assert_close(*gradients)


def test_settings_are_those_that_are_applied() -> None:
    assert ArcFace(classes=3, embedding=2, s=48.0, m=0.3).settings() == {"head": "arcface", "s": 48.0, "m": 0.3}


def test_embeddings_on_top_of_their_class_keep_gradients_finite() -> None:
    head = ArcFace(classes=2, embedding=2, s=32.0, m=0.5)
    head.weight.data = torch.eye(2)
    embeddings = torch.tensor([[1.0, 0.0], [0.0, -1.0]], requires_grad=True)
    head(embeddings, torch.tensor([0, 1])).backward()
    assert embeddings.grad is not None
    assert embeddings.grad.isfinite().all()
    assert head.weight.grad is not None
    assert head.weight.grad.isfinite().all()
