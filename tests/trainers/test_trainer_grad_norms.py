from __future__ import annotations

import math

import pytest
import torch
from torch import nn

from trainers.contract import GroupNorms
from trainers.devices.cpu import CpuDevice
from trainers.grad_norms import NormTable
from trainers.tensor_norms import SAMPLE


def model_with_gradients(*sizes: tuple[int, ...]) -> list[nn.Parameter]:
    torch.manual_seed(0)
    params = [nn.Parameter(torch.randn(size)) for size in sizes]
    for param in params:
        param.grad = torch.randn_like(param)
    return params


def measure(table: NormTable, optimizer: torch.optim.Optimizer) -> list[GroupNorms]:
    table.before()
    optimizer.step()
    return list(table.unpack(CpuDevice().read(table.after())))


def norm(values: torch.Tensor) -> float:
    return math.sqrt(sum(value**2 for value in values.detach().flatten().tolist()))


def spread(values: list[float]) -> tuple[float, float]:
    mean = sum(values) / len(values)
    return mean, math.sqrt(sum((value - mean) ** 2 for value in values) / len(values))


def test_norms_equal_a_computation_tensor_by_tensor() -> None:
    params = model_with_gradients((3, 4), (5,), (), (2, 2, 2))
    before = [param.detach().clone() for param in params]
    grads = [param.grad.clone() for param in params if param.grad is not None]
    optimizer = torch.optim.SGD([{"params": params[:3]}, {"params": params[3:]}], lr=0.1)
    measured = measure(NormTable(optimizer, ["first", "second"]), optimizer)

    for found, rows in zip(measured, (slice(0, 3), slice(3, 4)), strict=True):
        mean, std = spread([norm(param) for param in before[rows]])
        assert found.param_mean == pytest.approx(mean, rel=1e-5)
        assert found.param_std == pytest.approx(std, rel=1e-5, abs=1e-6)
        norms = [norm(grad) for grad in grads[rows]]
        assert (found.grad_mean, found.grad_std) == pytest.approx(spread(norms), rel=1e-5, abs=1e-6)
        assert found.grad_max == pytest.approx(max(norms), rel=1e-5)
        change = norm(torch.cat([grad.flatten() for grad in grads[rows]])) * 0.1
        assert found.update_ratio == pytest.approx(
            change / norm(torch.cat([p.flatten() for p in before[rows]])), rel=1e-4
        )
        assert found.nonfinite == 0
    assert [found.group for found in measured] == ["first", "second"]


@pytest.mark.parametrize("shape", [(64, 256), (300, 768), (3, SAMPLE), (128, 3, 3, 7)])
def test_the_update_ratio_of_large_tensors_is_estimated_over_all_columns(shape: tuple[int, ...]) -> None:
    params = model_with_gradients(shape, (16,))
    # A change in every fourth column alone: a sample that always hits the same columns would be far off.
    params[0].grad = torch.zeros(shape)
    params[0].grad[..., ::4] = 1.0
    before = [param.detach().clone() for param in params]
    optimizer = torch.optim.SGD(params, lr=0.1)
    found = measure(NormTable(optimizer, ["all"]), optimizer)[0]
    change = math.sqrt(sum(norm(param - old) ** 2 for param, old in zip(params, before, strict=True)))
    exact = change / math.sqrt(sum(norm(old) ** 2 for old in before))
    assert found.update_ratio == pytest.approx(exact, rel=0.2)


def test_parameters_without_gradients_count_among_parameters_only() -> None:
    params = model_with_gradients((2,), (2,))
    params[1].grad = None
    optimizer = torch.optim.SGD(params, lr=0.1)
    found = measure(NormTable(optimizer, ["all"]), optimizer)[0]
    assert found.grad_std == 0.0
    assert found.grad_mean == found.grad_max > 0.0
    assert found.param_std > 0.0


def test_a_group_without_any_gradient_reports_zeros() -> None:
    params = model_with_gradients((2, 2))
    params[0].grad = None
    optimizer = torch.optim.SGD(params, lr=0.1)
    found = measure(NormTable(optimizer, ["frozen"]), optimizer)[0]
    assert (found.grad_mean, found.grad_std, found.grad_max, found.nonfinite, found.update_ratio) == (0, 0, 0, 0, 0)


def test_gradients_that_are_not_finite_are_counted() -> None:
    params = model_with_gradients((2, 2), (3,), (4,))
    params[0].grad = torch.full((2, 2), math.nan)
    params[2].grad = torch.full((4,), math.inf)
    optimizer = torch.optim.SGD(params, lr=0.1)
    assert measure(NormTable(optimizer, ["all"]), optimizer)[0].nonfinite == 2


def test_weights_of_zero_give_a_finite_ratio() -> None:
    param = nn.Parameter(torch.zeros(3))
    param.grad = torch.zeros(3)
    optimizer = torch.optim.SGD([param], lr=0.1)
    assert measure(NormTable(optimizer, ["all"]), optimizer)[0].update_ratio == 0.0


def test_measuring_changes_no_weight() -> None:
    def trained(measured: bool) -> torch.Tensor:
        params = model_with_gradients((4, 4), (4,))
        optimizer = torch.optim.AdamW(params, lr=0.1)
        if measured:
            measure(NormTable(optimizer, ["all"]), optimizer)
        else:
            optimizer.step()
        return torch.cat([param.detach().flatten() for param in params])

    assert torch.equal(trained(True), trained(False))


def test_names_must_fit_the_groups() -> None:
    with pytest.raises(ValueError, match="2 names for 1"):
        NormTable(torch.optim.SGD(model_with_gradients((2,)), lr=0.1), ["a", "b"])
