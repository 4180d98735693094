from __future__ import annotations

import math

import pytest
import torch
from torch.nn import functional as F

from trainers.losses.adacos import AdaCos


def test_the_scale_starts_from_the_number_of_classes() -> None:
    head = AdaCos(classes=11, embedding=4)
    assert head.settings() == {"head": "adacos", "s": math.sqrt(2) * math.log(10), "m": None}
    assert head.scale.item() == pytest.approx(math.sqrt(2) * math.log(10))


@pytest.mark.parametrize("spread", [0.05, 3.0])
def test_the_scale_follows_the_batch_and_sets_the_loss(spread: float) -> None:
    torch.manual_seed(1)
    head = AdaCos(classes=6, embedding=5)
    labels = torch.tensor([0, 1, 2, 3, 4])
    embeddings = head.weight.detach()[labels] + spread * torch.randn(5, 5)
    cosine = F.normalize(embeddings) @ F.normalize(head.weight.detach()).T
    start = head.scale.item()

    wrong = [sum(math.exp(start * cosine[i, j].item()) for j in range(6) if j != labels[i]) for i in range(5)]
    median = sorted(math.acos(min(1.0, cosine[i, labels[i]].item())) for i in range(5))[2]
    scale = math.log(sum(wrong) / 5) / math.cos(min(math.pi / 4, median))
    loss = head(embeddings, labels)

    assert head.scale.item() == pytest.approx(scale, rel=1e-4)
    assert loss.item() == pytest.approx(F.cross_entropy(scale * cosine, labels).item(), rel=1e-4)
    assert head.progress()["s"].item() == pytest.approx(scale, rel=1e-4)


def test_the_scale_stays_in_evaluation_and_travels_in_the_state() -> None:
    head = AdaCos(classes=4, embedding=3)
    head(torch.randn(4, 3), torch.arange(4))
    learnt = head.scale.item()
    head.eval()
    head(torch.randn(4, 3), torch.arange(4))
    assert head.scale.item() == learnt
    other = AdaCos(classes=4, embedding=3)
    other.load_state_dict(head.state_dict())
    assert other.scale.item() == learnt


def test_two_classes_are_too_few() -> None:
    with pytest.raises(ValueError, match="at least 3 classes"):
        AdaCos(classes=2, embedding=3)
