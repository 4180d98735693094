from __future__ import annotations

import math

import pytest
import torch

from trainers.losses.arcface import ArcFace


def expected(embeddings: torch.Tensor, weight: torch.Tensor, labels: torch.Tensor, s: float, m: float) -> float:
    """φ = cosθ·cos m - sinθ·sin m while cosθ > cos(π - m), else cosθ - m·sin(π - m); in double precision."""
    losses = []
    for vector, label in zip(embeddings.double(), labels.tolist(), strict=True):
        cosines = [float(vector @ column / (vector.norm() * column.norm())) for column in weight.detach().double().T]
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
    embeddings[:6] = -head.W.detach().T[labels[:6]] + 0.05 * torch.randn(6, 4)
    cosine = torch.nn.functional.cosine_similarity(embeddings, head.W.detach().T[labels])
    if m > 0:
        assert (cosine <= math.cos(math.pi - m)).any()
    assert (cosine > math.cos(math.pi - m)).any()
    assert head(embeddings, labels).item() == pytest.approx(expected(embeddings, head.W, labels, s, m), rel=1e-4)


def test_settings_are_those_of_the_library_object() -> None:
    head = ArcFace(classes=3, embedding=2, s=48.0, m=0.3)
    assert head.settings() == {"head": "arcface", "s": 48.0, "m": 0.3}
    head.scale = 16
    assert head.settings()["s"] == 16.0


def test_embeddings_on_top_of_their_class_keep_gradients_finite() -> None:
    head = ArcFace(classes=2, embedding=2, s=32.0, m=0.5)
    head.W.data = torch.eye(2)
    embeddings = torch.tensor([[1.0, 0.0], [0.0, -1.0]], requires_grad=True)
    head(embeddings, torch.tensor([0, 1])).backward()
    assert embeddings.grad is not None
    assert embeddings.grad.isfinite().all()
    assert head.W.grad is not None
    assert head.W.grad.isfinite().all()
