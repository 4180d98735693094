"""Mixup by hand, and where its share comes from."""

from __future__ import annotations

import pytest
import torch

from trainers.data.mixup import draw_mixture, mixup


def test_by_hand() -> None:
    inputs = torch.tensor([[0.0, 4.0], [8.0, 0.0], [2.0, 2.0]])
    targets = torch.tensor([[1.0], [0.0], [1.0]])
    mixed, mixed_targets = mixup(inputs, targets, torch.tensor(0.75), torch.tensor([1, 2, 0]))
    assert mixed.tolist() == [[2.0, 3.0], [6.5, 0.5], [1.5, 2.5]]
    assert mixed_targets.tolist() == [[0.75], [0.25], [1.0]]


@pytest.mark.parametrize(("alpha", "middle"), [(0.1, 0.096), (1.0, 0.5)])
def test_the_share_is_beta_distributed(alpha: float, middle: float) -> None:
    """The probability of a share between ¼ and ¾ is 0.096 for Beta(0.1, 0.1), and ½ for Beta(1, 1)."""
    torch.manual_seed(0)
    shares = torch.stack([draw_mixture(2, alpha)[0] for _ in range(4_000)])
    assert shares.mean().item() == pytest.approx(0.5, abs=0.03)
    assert ((shares > 0.25) & (shares < 0.75)).float().mean().item() == pytest.approx(middle, abs=0.03)


def test_it_is_drawn_from_the_generator_that_checkpoints_keep() -> None:
    state = torch.get_rng_state()
    first = draw_mixture(8, 0.4)
    torch.set_rng_state(state)
    again = draw_mixture(8, 0.4)
    assert torch.equal(first[0], again[0])
    assert torch.equal(first[1], again[1])
    assert sorted(first[1].tolist()) == list(range(8))
