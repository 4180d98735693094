"""Heads beside ArcFace and AdaCos, and the focal loss that any of them can have."""

from __future__ import annotations

import math

import pytest
import torch
from pytorch_metric_learning.losses import CosFaceLoss, SubCenterArcFaceLoss
from torch import Tensor
from torch.nn import functional as F

from trainers.losses.arcface import ArcFace
from trainers.losses.classification import CrossEntropy, Focal
from trainers.losses.cosface import CosFace
from trainers.losses.cosine import CosineHead
from trainers.losses.curricularface import CurricularFace
from trainers.losses.subcenter import SubCenterArcFace


def at(*degrees: float) -> Tensor:
    """Unit vectors in the plane."""
    return torch.tensor([[math.cos(math.radians(angle)), math.sin(math.radians(angle))] for angle in degrees])


def loss_of(head: CosineHead, embeddings: Tensor, labels: list[int]) -> float:
    return float(head(embeddings, torch.tensor(labels)).detach())


def assert_same_as(peer: torch.nn.Module, head: CosineHead) -> None:
    """Loss and gradient of the same weights on the same rows."""
    peer.W.data = head.weight.detach().T.clone()
    embeddings, labels = torch.randn(40, 5, requires_grad=True), torch.randint(0, 7, (40,))
    ours, theirs = head(embeddings, labels), peer(embeddings, labels)
    torch.testing.assert_close(ours, theirs)
    torch.testing.assert_close(*(torch.autograd.grad(loss, embeddings)[0] for loss in (ours, theirs)))


def test_cosface_takes_its_margin_off_the_cosine() -> None:
    """Wang et al. 2018, equation 4. At 60° of class 0 and 30° of 1: ln(1 + e^(2·(0.86603 − (0.5 − 0.1))))."""
    head = CosFace(classes=2, embedding=2, s=2.0, m=0.1)
    head.weight.data = at(0, 90)
    assert loss_of(head, at(60), [0]) == pytest.approx(1.26405, abs=1e-5)
    assert head.settings() == {"head": "cosface", "s": 2.0, "m": 0.1}


def test_cosface_is_the_loss_of_pytorch_metric_learning() -> None:
    torch.manual_seed(0)
    assert_same_as(CosFaceLoss(7, 5, margin=0.35, scale=30.0), CosFace(7, 5, s=30.0, m=0.35))


def test_a_class_is_as_near_as_its_nearest_center() -> None:
    """Deng et al. 2020, with the margin of ArcFace: ln(1 + e^(2·(cos 30° − cos(60° + 0.3))))."""
    head = SubCenterArcFace(classes=2, embedding=2, s=2.0, m=0.3, k=2)
    head.weight.data = at(-90, 0, 90, 180)
    assert loss_of(head, at(60), [0]) == pytest.approx(1.53204, abs=1e-5)
    assert head.settings() == {"head": "subcenter", "s": 2.0, "m": 0.3, "k": 2}


def test_sub_centers_are_those_of_pytorch_metric_learning() -> None:
    torch.manual_seed(0)
    peer = SubCenterArcFaceLoss(num_classes=7, embedding_size=5, margin=math.degrees(0.4), scale=30.0, sub_centers=3)
    assert_same_as(peer, SubCenterArcFace(7, 5, s=30.0, m=0.4, k=3))


def test_one_center_a_class_is_arcface() -> None:
    torch.manual_seed(0)
    head, arcface = SubCenterArcFace(4, 3, s=16.0, m=0.4, k=1), ArcFace(4, 3, s=16.0, m=0.4)
    head.weight.data = arcface.weight.data
    embeddings, labels = torch.randn(9, 3), torch.arange(9) % 4
    assert torch.equal(head(embeddings, labels), arcface(embeddings, labels))


def test_hard_classes_weigh_by_the_progress_of_training() -> None:
    """Huang et al. 2020, with s = 2 and m = 0.3.

    At 60° of its class and 30° of the other, the other is hard: cos 30° > cos(60° + 0.3). With t = 0.01·0.5 its cosine
    becomes 0.86603·(0.005 + 0.86603) = 0.75433, against cos(60° + 0.3) = 0.22175. At 10° and 80° it is not and stays.
    """
    head = CurricularFace(classes=2, embedding=2, s=2.0, m=0.3)
    head.weight.data = at(0, 90)
    hard = math.log(1 + math.exp(2 * (0.75433 - 0.22175)))
    assert loss_of(head, at(60), [0]) == pytest.approx(hard, abs=1e-4)
    assert head.progress()["t"].item() == pytest.approx(0.005)
    easy = math.log(1 + math.exp(2 * (math.cos(math.radians(80)) - math.cos(math.radians(10) + 0.3))))
    assert loss_of(head, at(10), [0]) == pytest.approx(easy, abs=1e-4)
    assert head.t.item() == pytest.approx(0.99 * 0.005 + 0.01 * math.cos(math.radians(10)))
    assert head.settings() == {"head": "curricularface", "s": 2.0, "m": 0.3}


def test_the_progress_of_training_stays_in_evaluation_and_travels_in_the_state() -> None:
    head, other = CurricularFace(4, 3, 32.0, 0.5), CurricularFace(4, 3, 32.0, 0.5)
    head.weight.data = torch.eye(4)[:, :3] + 1
    head(torch.ones(4, 3), torch.arange(4))
    learnt = head.t.item()
    head.eval()
    head(torch.randn(4, 3), torch.arange(4))
    other.load_state_dict(head.state_dict())
    assert head.t.item() == other.t.item() == learnt > 0


def test_the_focal_loss_turns_to_what_is_not_known() -> None:
    """Lin et al. 2017, equation 5. With p = 0.75: 0.25·(1 − 0.75)²·(−ln 0.75) = 0.0044951."""
    logits, labels = torch.tensor([[math.log(3.0), 0.0]]), torch.tensor([0])
    assert Focal(gamma=2.0, alpha=0.25)(logits, labels).item() == pytest.approx(0.0044951, rel=1e-4)
    plain = Focal(gamma=0.0, alpha=1.0)
    torch.manual_seed(0)
    logits, labels = torch.randn(8, 5), torch.arange(8) % 5
    torch.testing.assert_close(plain(logits, labels), CrossEntropy()(logits, labels))


def test_the_focal_loss_has_gradients_where_nothing_is_left_to_learn() -> None:
    logits = torch.tensor([[200.0, 0.0], [-200.0, 0.0]], requires_grad=True)
    Focal(gamma=0.5)(logits, torch.tensor([0, 0])).backward()
    assert logits.grad is not None
    assert logits.grad.isfinite().all()
    assert logits.grad[1, 0] < 0


@pytest.mark.parametrize("kind", [CosFace, CurricularFace, ArcFace])
def test_any_head_can_have_it(kind: type) -> None:
    torch.manual_seed(0)
    embeddings, labels = torch.randn(6, 3), torch.arange(6) % 4
    head = kind(4, 3, 4.0, 0.2, criterion=Focal(gamma=0.0, alpha=0.5)).eval()
    plain = kind(4, 3, 4.0, 0.2).eval()
    plain.weight.data = head.weight.data
    torch.testing.assert_close(head(embeddings, labels), 0.5 * plain(embeddings, labels))
    assert plain(F.normalize(embeddings) * 9, labels).item() == pytest.approx(
        plain(embeddings, labels).item(), rel=1e-5
    )
