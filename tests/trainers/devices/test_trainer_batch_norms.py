"""Batch norms that take the mean away first: they compute and keep what torch's own do, and more exactly than XLA's."""

from __future__ import annotations

import copy
from typing import Any

import pytest
import torch
from torch import nn

from trainers.devices.batch_norms import CentredBatchNorm1d, centre, move

SHAPES: dict[type[nn.Module], tuple[int, ...]] = {
    nn.BatchNorm1d: (8, 5),
    nn.BatchNorm2d: (4, 5, 2, 3),
    nn.BatchNorm3d: (2, 5, 1, 2, 2),
}


def pair(plain: nn.Module) -> tuple[Any, Any]:
    """The norm as it is, and a centred one that begins like it."""
    centred = copy.deepcopy(plain)
    centre(centred)
    return plain, centred


@pytest.mark.parametrize("affine", [True, False])
@pytest.mark.parametrize("kind", SHAPES)
def test_outputs_gradients_and_running_statistics_are_those_of_torch(kind: Any, affine: bool) -> None:
    generator = torch.Generator().manual_seed(3)
    plain, centred = pair(kind(5, momentum=0.3, affine=affine))
    assert type(centred) is not type(plain)
    for _ in range(4):
        batch = 3 * torch.randn(SHAPES[kind], generator=generator, dtype=torch.float64) + 1
        inputs = [batch.float().requires_grad_() for _ in range(2)]
        outputs = [norm(own) for norm, own in zip((plain, centred), inputs, strict=True)]
        for output in outputs:
            (output.sigmoid() * torch.arange(5.0).view(1, 5, *[1] * (output.dim() - 2))).sum().backward()
        torch.testing.assert_close(outputs[1], outputs[0])
        torch.testing.assert_close(inputs[1].grad, inputs[0].grad, rtol=1e-4, atol=1e-5)
    for (name, mine), other in zip(centred.state_dict().items(), plain.state_dict().values(), strict=True):
        torch.testing.assert_close(mine, other, msg=name)
    torch.testing.assert_close([weight.grad for weight in centred.parameters()], [w.grad for w in plain.parameters()])
    torch.testing.assert_close(centred.eval()(batch.float()), plain.eval()(batch.float()))


def test_a_mean_far_from_zero_costs_no_digits() -> None:
    batch = torch.randn(64, 5, generator=torch.Generator().manual_seed(3), dtype=torch.float64) + 100
    exact = nn.BatchNorm1d(5).double()(batch.float().double())
    _, centred = pair(nn.BatchNorm1d(5))
    assert (centred(batch.float()) - exact).abs().max() < 5e-5


def test_half_precision_goes_in_and_comes_out_and_statistics_are_whole() -> None:
    plain, centred = pair(nn.BatchNorm1d(5))
    batch = torch.randn(8, 5).bfloat16()
    torch.testing.assert_close(centred(batch), plain(batch), rtol=2e-2, atol=2e-2)
    torch.testing.assert_close(centred.running_var, plain.running_var)


@pytest.mark.parametrize("options", [{"momentum": None}, {"track_running_stats": False}])
def test_norms_of_other_kinds_compute_as_they_did(options: dict[str, Any]) -> None:
    plain, centred = pair(nn.BatchNorm1d(5, **options))
    batch = torch.randn(8, 5)
    torch.testing.assert_close(centred(batch), plain(batch))
    torch.testing.assert_close(centred.state_dict(), plain.state_dict())


def test_what_torch_refuses_is_refused() -> None:
    plain, centred = pair(nn.BatchNorm1d(5))
    for norm in (plain, centred):
        with pytest.raises(ValueError, match="more than 1 value per channel"):
            norm(torch.randn(1, 5))
        with pytest.raises(ValueError, match="2D or 3D"):
            norm(torch.randn(2, 5, 2, 2))


def test_norms_of_other_classes_stay() -> None:
    class Own(nn.BatchNorm1d):
        """Somebody's own."""

    model = nn.Sequential(Own(5), nn.BatchNorm1d(5), nn.LayerNorm(5))
    centre(model)
    centre(model)
    assert [type(part) for part in model] == [Own, CentredBatchNorm1d, nn.LayerNorm]


def test_batches_are_counted_on_the_host() -> None:
    model = nn.Sequential(nn.Linear(2, 5), nn.BatchNorm1d(5), nn.BatchNorm1d(5, track_running_stats=False))
    model(torch.randn(4, 2))
    move(model, torch.device("meta"))
    places = {name: tensor.device.type for name, tensor in model.state_dict().items()}
    assert places.pop("1.num_batches_tracked") == "cpu"
    assert set(places.values()) == {"meta"}
    assert model.state_dict()["1.num_batches_tracked"] == 1
