"""Batch norms that follow the variance of a batch as torch_xla has them, and are to follow it as torch does."""

from __future__ import annotations

import copy
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from trainers.devices.batch_norms import correct_variances, move

SHAPES: dict[type[nn.Module], tuple[int, ...]] = {
    nn.BatchNorm1d: (8, 5),
    nn.BatchNorm2d: (4, 5, 2, 3),
    nn.BatchNorm3d: (2, 5, 1, 2, 2),
}


class Biased(nn.Module):
    """Makes a batch norm follow the squares' sum over n, in place and within its forward pass."""

    def __init__(self, norm: Any) -> None:
        super().__init__()
        self.norm = norm
        forward = norm.forward

        def biased(inputs: Tensor) -> Tensor:
            kept = norm.running_var.clone()
            output: Tensor = forward(inputs)
            if norm.training:
                dims = [dim for dim in range(inputs.dim()) if dim != 1]
                with torch.no_grad():
                    norm.running_var.data.copy_(kept.lerp(inputs.var(dims, correction=0), norm.momentum))
            return output

        norm.forward = biased

    def forward(self, inputs: Tensor) -> Tensor:
        result: Tensor = self.norm(inputs)
        return result


@pytest.mark.parametrize("kind", SHAPES)
def test_the_running_variance_is_that_of_torch(kind: Any) -> None:
    generator = torch.Generator().manual_seed(3)
    plain = kind(5, momentum=0.3)
    corrected, left = Biased(copy.deepcopy(plain)), Biased(copy.deepcopy(plain))
    correct_variances(corrected)
    correct_variances(corrected)
    for _ in range(4):
        batch = 3 * torch.randn(SHAPES[kind], generator=generator) + 1
        for model in (plain, corrected, left):
            model(batch).square().sum().backward()
    torch.testing.assert_close(corrected.norm.running_var, plain.running_var)
    torch.testing.assert_close(corrected.norm.running_mean, plain.running_mean)
    torch.testing.assert_close(corrected.norm.weight.grad, plain.weight.grad)
    assert not torch.allclose(left.norm.running_var, plain.running_var, rtol=1e-2)


def test_evaluations_and_means_over_all_batches_change_nothing() -> None:
    evaluated, averaging = Biased(nn.BatchNorm1d(5)), nn.BatchNorm1d(5, momentum=None)
    plain = copy.deepcopy(averaging)
    for model in (evaluated, averaging):
        correct_variances(model)
    batch = torch.randn(8, 5)
    evaluated.eval()(batch)
    assert torch.equal(evaluated.norm.running_var, torch.ones(5))
    assert torch.equal(averaging(batch), plain(batch))
    assert torch.equal(averaging.running_var, plain.running_var)


def test_norms_without_running_statistics_stay_as_they_are() -> None:
    norm = nn.BatchNorm1d(5, track_running_stats=False)
    correct_variances(norm)
    assert norm(torch.randn(8, 5)).shape == (8, 5)
    move(norm, torch.device("meta"))
    assert norm.num_batches_tracked is None


def test_batches_are_counted_on_the_host() -> None:
    model = nn.Sequential(nn.Linear(2, 5), nn.BatchNorm1d(5))
    model(torch.randn(4, 2))
    move(model, torch.device("meta"))
    places = {name: tensor.device.type for name, tensor in model.state_dict().items()}
    assert places.pop("1.num_batches_tracked") == "cpu"
    assert set(places.values()) == {"meta"}
    assert model.state_dict()["1.num_batches_tracked"] == 1
