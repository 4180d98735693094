"""Losses over independent labels by hand, and which of their terms teach anything."""

from __future__ import annotations

import math

import pytest
import torch

from trainers.losses.multilabel import EDGE, KINDS, MultiLabelLoss, minmax

LOGITS = torch.tensor([[math.log(3.0), 0.0], [-math.log(3.0), 0.0]])  # sigmoids 3/4, 1/2, 1/4, 1/2
TARGETS = torch.tensor([[1.0, 0.0], [0.0, 1.0]])
BCE = (2 * math.log(4 / 3) + 2 * math.log(2)) / 4


def gradient(kind: str, logits: torch.Tensor, targets: torch.Tensor) -> torch.Tensor:
    leaf = logits.clone().requires_grad_()
    MultiLabelLoss(kind)(leaf, targets).backward()
    assert leaf.grad is not None
    return leaf.grad


def test_cross_entropy_by_hand() -> None:
    assert MultiLabelLoss("bce")(LOGITS, TARGETS).item() == pytest.approx(BCE)


def test_the_stretched_term_by_hand() -> None:
    """Stretched logits are 1 − ε, ½, ε, ½ and targets 1 − ε, ε, ε, 1 − ε."""
    certain = -(1 - EDGE) * math.log(1 - EDGE) - EDGE * math.log(EDGE)
    expected = BCE + (2 * certain + 2 * math.log(2)) / 4
    for kind in ("bce+minmax", "bce+minmax-detached"):
        assert MultiLabelLoss(kind)(LOGITS, TARGETS).item() == pytest.approx(expected, rel=1e-5)


def test_focal_by_hand() -> None:
    """(1 − p_t)² is 1/16 where p_t = 3/4, and 1/4 where it is 1/2."""
    expected = (2 * math.log(4 / 3) / 16 + 2 * math.log(2) / 4) / 4
    assert MultiLabelLoss("focal")(LOGITS, TARGETS).item() == pytest.approx(expected)
    assert MultiLabelLoss("focal", alpha=0.25)(LOGITS, TARGETS).item() == pytest.approx(expected / 4)
    assert MultiLabelLoss("focal", gamma=0.0)(LOGITS, TARGETS).item() == pytest.approx(BCE)


def test_the_detached_term_teaches_nothing_and_the_other_one_does() -> None:
    torch.manual_seed(0)
    logits, targets = torch.randn(4, 3), torch.rand(4, 3)
    plain = gradient("bce", logits, targets)
    assert torch.equal(gradient("bce+minmax-detached", logits, targets), plain)
    assert not torch.allclose(gradient("bce+minmax", logits, targets), plain, atol=1e-3)


def test_the_gradient_of_the_stretched_term_is_that_of_its_formula() -> None:
    torch.manual_seed(1)
    logits = torch.randn(3, 2, dtype=torch.float64, requires_grad=True)
    targets = torch.rand(3, 2, dtype=torch.float64)
    assert torch.autograd.gradcheck(lambda x: MultiLabelLoss("bce+minmax")(x, targets), (logits,))


@pytest.mark.parametrize("kind", KINDS)
def test_equal_values_everywhere_are_no_reason_to_fail(kind: str) -> None:
    found = gradient(kind, torch.zeros(2, 2), torch.zeros(2, 2))
    assert torch.isfinite(found).all()
    assert minmax(torch.zeros(3)).tolist() == pytest.approx([EDGE] * 3)


def test_settings_are_those_that_are_applied() -> None:
    assert MultiLabelLoss("bce").settings() == {"loss": "bce", "focal_gamma": None, "focal_alpha": None}
    assert MultiLabelLoss("focal").settings()["focal_gamma"] == 2.0
    with pytest.raises(ValueError, match="hinge is none of bce"):
        MultiLabelLoss("hinge")
