from __future__ import annotations

import math
from typing import Any

import pytest
import torch
from torch import nn

from trainers.contract import GroupNorms
from trainers.devices.cpu import CpuDevice
from trainers.grad_norms import NormTable
from trainers.norm_sample import SAMPLE, Views


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


def test_weights_that_leave_zero_have_no_ratio() -> None:
    param = nn.Parameter(torch.zeros(3))
    param.grad = torch.ones(3)
    optimizer = torch.optim.SGD([param], lr=0.1)
    table = NormTable(optimizer, ["all"])
    assert math.isnan(measure(table, optimizer)[0].update_ratio)
    assert measure(table, optimizer)[0].update_ratio == pytest.approx(1.0)


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


class TwoHeads(nn.Module):
    """A body, a head that takes part in the loss, one that does not, and one that is frozen; two share a weight."""

    def __init__(self) -> None:
        super().__init__()
        torch.manual_seed(0)
        self.body = nn.Linear(4, 4)
        self.tied = nn.Linear(4, 4, bias=False)
        self.tied.weight = self.body.weight
        self.head = nn.Linear(4, 2)
        self.idle = nn.Linear(4, 2)
        self.frozen = nn.Linear(4, 4).requires_grad_(False)

    def forward(self, rows: torch.Tensor) -> torch.Tensor:
        whole: torch.Tensor = self.head(self.tied(self.frozen(self.body(rows)))).square().sum()
        return whole


def step_of(
    model: nn.Module, of: str = "", optimizer: torch.optim.Optimizer | None = None
) -> tuple[NormTable, dict[str, GroupNorms]]:
    """One step of a model of two heads, wrapped or not, measured."""
    trained = [parameter for parameter in model.parameters() if parameter.requires_grad]
    optimizer = optimizer or torch.optim.SGD(trained, lr=0.1)
    table = NormTable(optimizer, ["all"], model, of)
    model(torch.ones(3, 4)).backward()
    return table, {norms.group: norms for norms in measure(table, optimizer)}


def test_layers_are_measured_like_groups_of_their_own() -> None:
    _, rows = step_of(TwoHeads(), "layers")
    model = TwoHeads()
    groups = [{"params": list(layer.parameters())} for layer in (model.body, model.head, model.idle)]
    optimizer = torch.optim.SGD(groups, lr=0.1)
    model(torch.ones(3, 4)).backward()
    expected = measure(NormTable(optimizer, ["body", "head", "idle"], model), optimizer)
    assert list(rows.values()) == expected
    gradients = {name: norm(each.grad) for name, each in model.head.named_parameters() if each.grad is not None}
    assert rows["head"].largest == f"head.{max(gradients, key=lambda name: gradients[name])}"


def test_tensors_without_a_gradient_are_named_and_frozen_ones_are_told_apart() -> None:
    table, rows = step_of(TwoHeads())
    assert rows["all"].zero == 2
    assert rows["all"].names == {"zero": ("idle.weight", "idle.bias")}
    assert table.frozen == ("frozen.weight", "frozen.bias")
    assert table.parameters == 8


def test_a_frozen_tensor_in_the_optimizer_is_frozen_and_not_dead() -> None:
    model = TwoHeads()
    table, rows = step_of(model, "layers", torch.optim.SGD(model.parameters(), lr=0.1))
    assert table.frozen == ("frozen.weight", "frozen.bias")
    assert (rows["frozen"].zero, rows["frozen"].names) == (0, {})


def test_what_a_step_cannot_change_is_named() -> None:
    model = TwoHeads()
    model.head.bias.register_hook(lambda gradient: torch.full_like(gradient, 1e-12))  # too small for a float32
    _, rows = step_of(model)
    assert (rows["all"].unchanged, rows["all"].names["unchanged"]) == (1, ("head.bias",))
    assert rows["all"].update_ratio > 0


def test_gradients_that_are_not_finite_are_named() -> None:
    model = TwoHeads()
    model.head.bias.register_hook(lambda gradient: gradient * math.nan)
    _, rows = step_of(model, "head body")
    assert rows["head"].names["nonfinite"] == ("head.bias",)
    assert rows["head"].largest == "head.bias"
    assert rows["body"].nonfinite == 0


def test_at_most_a_few_names_are_told() -> None:
    params = model_with_gradients(*[(2,)] * 9)
    for param in params:
        param.grad = None
    optimizer = torch.optim.SGD(params, lr=0.1)
    (found,) = measure(NormTable(optimizer, ["all"]), optimizer)
    assert found.zero == 9
    assert found.names["zero"] == tuple(f"all[{place}]" for place in range(5))
    assert found.largest == ""


def test_wrapped_models_have_the_same_rows() -> None:
    plain = step_of(TwoHeads(), "layers")[1]
    assert step_of(nn.ModuleDict({"module": TwoHeads()})["module"], "layers")[1] == plain
    wrapped = nn.DataParallel(TwoHeads())  # without a card it calls the model itself
    assert step_of(wrapped, "layers")[1] == plain
    assert step_of(torch.compile(TwoHeads(), backend="eager"), "layers")[1] == plain  # type: ignore[arg-type]


def test_a_fused_optimizer_gives_the_same_ratios() -> None:
    rows = []
    for fused in (False, True):
        model = TwoHeads()
        trained = [parameter for parameter in model.parameters() if parameter.requires_grad]
        rows.append(step_of(model, "layers", torch.optim.AdamW(trained, lr=0.01, fused=fused))[1])
    for plain, fused_row in zip(rows[0].values(), rows[1].values(), strict=True):
        assert fused_row.update_ratio == pytest.approx(plain.update_ratio, rel=1e-4)
        assert fused_row.grad_mean == plain.grad_mean


def test_measurements_may_be_read_late_and_in_any_number() -> None:
    params = model_with_gradients((2,), (3,))
    optimizer = torch.optim.SGD(params, lr=0.1)
    table, told = NormTable(optimizer, ["all"]), []
    for step in range(4):
        params[0].grad = None if step == 1 else torch.full((2,), 3.0 + step)
        params[1].grad = torch.full((3,), 1.0)
        table.before()
        optimizer.step()
        told.append(CpuDevice().read(table.after()))
    assert len(set(map(len, told))) == 1
    rows = {step: table.unpack(told[step])[0] for step in (1, 3)}
    assert (rows[1].zero, rows[1].names, rows[1].grad_std) == (1, {"zero": ("all[0]",)}, 0.0)
    assert rows[1].grad_mean == pytest.approx(math.sqrt(3))
    assert (rows[3].zero, rows[3].grad_max) == (0, pytest.approx(6 * math.sqrt(2)))


def test_in_half_precision_a_norm_does_not_overflow() -> None:
    param = nn.Parameter(torch.full((40_000,), 300.0, dtype=torch.float16))
    param.grad = torch.ones_like(param)
    optimizer = torch.optim.SGD([param], lr=0.0)
    (found,) = measure(NormTable(optimizer, ["half"]), optimizer)
    assert found.param_mean == pytest.approx(60_000.0, rel=1e-3)
    assert (found.update_ratio, found.names["unchanged"]) == (0.0, ("half[0]",))


def stepped(table: NormTable, param: nn.Parameter, by: float) -> GroupNorms:
    """What is measured of a step that takes `by` from every element, and what a table that knows nothing measures."""
    param.grad = torch.ones_like(param)
    optimizer = torch.optim.SGD([param], lr=by)
    fresh = NormTable(optimizer, ["all"])
    table.before()
    fresh.before()
    optimizer.step()
    (found,), (expected,) = (each.unpack(CpuDevice().read(each.after())) for each in (table, fresh))
    assert found == expected
    return found


def test_weights_that_move_to_another_place_are_measured_there() -> None:
    (param,) = model_with_gradients((40, 60))
    table = NormTable(torch.optim.SGD([param], lr=0.1), ["all"])
    stepped(table, param, 0.5)
    param.data = torch.full((40, 60), 2.0)
    assert stepped(table, param, 0.5).update_ratio == pytest.approx(0.25)
    with torch.no_grad():
        param.fill_(4.0)  # in its place
    assert stepped(table, param, 0.5).update_ratio == pytest.approx(0.125)


class Squaring(torch.optim.AdamW):
    """Works in its gradients, as some optimizers do."""

    @torch.no_grad()
    def step(self, closure: Any = None) -> Any:
        for param in self.param_groups[0]["params"]:
            param.grad.mul_(param.grad)
        return super().step(closure)


def followed(table: NormTable, optimizer: torch.optim.Optimizer, step: int, clipped: bool = False) -> GroupNorms:
    """What is measured of a step by a table that measured others, which is what one that knows nothing measures."""
    for param in optimizer.param_groups[0]["params"]:
        param.grad = torch.full_like(param, 0.5 + step)
    fresh = NormTable(optimizer, ["all"])
    largest = max(norm(param.grad) for param in optimizer.param_groups[0]["params"])
    for each in (table, fresh):
        each.before(gradients_change=clipped)
    if clipped:
        torch.nn.utils.clip_grad_norm_(optimizer.param_groups[0]["params"], 0.01)
    optimizer.step()
    (found,), (expected,) = (each.unpack(CpuDevice().read(each.after())) for each in (table, fresh))
    assert found == expected
    assert found.grad_max == pytest.approx(largest)
    return found


@pytest.mark.parametrize("kind", [torch.optim.Adam, torch.optim.AdamW, torch.optim.SGD, Squaring])
@pytest.mark.parametrize("clipped", [False, True])
def test_steps_measured_one_after_the_other_are_measured_as_any(kind: Any, clipped: bool) -> None:
    params = model_with_gradients((40, 60), (7,))
    optimizer = kind(params, lr=0.01)
    table = NormTable(optimizer, ["all"])
    ratios = [followed(table, optimizer, step, clipped).update_ratio for step in range(5)]
    assert all(ratio > 0 for ratio in ratios)


@pytest.mark.parametrize("kind", [torch.optim.AdamW, torch.optim.SGD])
def test_what_becomes_of_weights_between_two_steps_is_no_update_of_theirs(kind: Any) -> None:
    params = model_with_gradients((40, 60), (7,))
    optimizer = kind(params, lr=0.01)
    table = NormTable(optimizer, ["all"])

    def written() -> None:
        with torch.no_grad():
            params[0].fill_(4.0)

    def moved() -> None:
        params[1].data = torch.full((7,), 9.0)

    def stepped_unseen() -> None:
        optimizer.step()

    for step, happens in enumerate([written, moved, stepped_unseen] * 2):
        for _ in range(3):
            followed(table, optimizer, step)
        happens()
        followed(table, optimizer, step)


def test_weights_that_were_measured_after_a_step_are_not_measured_again_before_the_next(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    taken = []
    real = Views.taken
    monkeypatch.setattr(Views, "taken", lambda views: taken.append(views) or real(views))
    optimizer = torch.optim.AdamW(model_with_gradients((40, 60), (7,)), lr=0.01)
    table, counts = NormTable(optimizer, ["all"]), []
    for _ in range(4):
        measure(table, optimizer)
        counts.append(len(taken))
        taken.clear()
    assert counts == [2, 2, 1, 1]
    lazy = NormTable(optimizer, ["all"], lazy=True)
    for _ in range(4):
        measure(lazy, optimizer)
    assert len(taken) == 8, "a device that compiles is told the same at every step"


@pytest.mark.parametrize("layout", ["channels_last", "transposed", "spread"])
def test_weights_may_lie_in_any_order(layout: str) -> None:
    """A copy of such weights would be measured in their place if they were taken for contiguous ones."""
    made = {
        "channels_last": lambda: torch.ones(8, 16, 3, 3).to(memory_format=torch.channels_last),
        "transposed": lambda: torch.ones(60, 40).t(),
        "spread": lambda: torch.ones(40, 120)[:, ::2],
    }[layout]()
    assert not made.is_contiguous()
    param = nn.Parameter(made)
    table = NormTable(torch.optim.SGD([param], lr=0.1), ["all"])
    for weight in (1.0, 0.75, 0.5, 0.25):
        assert stepped(table, param, 0.25).update_ratio == pytest.approx(0.25 / weight)


def test_tensors_of_several_types_are_measured_together_in_the_widest() -> None:
    torch.manual_seed(0)
    params = [nn.Parameter(torch.ones(3, dtype=kind)) for kind in (torch.float32, torch.bfloat16, torch.float64)]
    for param in params:
        param.grad = torch.ones_like(param)
    params[2].grad = torch.full_like(params[2], 1e-12)
    optimizer = torch.optim.SGD([{"params": [param]} for param in params], lr=0.5)
    rows = measure(NormTable(optimizer, ["single", "half", "double"]), optimizer)
    assert [row.update_ratio for row in rows] == pytest.approx([0.5, 0.5, 5e-13], rel=1e-3)
    assert [row.param_mean for row in rows] == pytest.approx([math.sqrt(3)] * 3)


def test_nothing_that_is_measured_belongs_to_a_graph() -> None:
    """Neither of weights that are plain tensors, nor of gradients that were computed to be differentiated again."""
    weights = torch.ones(3, requires_grad=True)
    (gradient,) = torch.autograd.grad(weights.pow(3).sum(), weights, create_graph=True)
    weights.grad = gradient
    assert gradient.requires_grad
    optimizer = torch.optim.SGD([weights], lr=0.25)
    table = NormTable(optimizer, ["all"])
    table.before()
    optimizer.step()
    values = table.after()
    assert not any(value.requires_grad for value in values)
    (row,) = table.unpack(CpuDevice().read(values))
    assert (row.grad_mean, row.update_ratio) == (pytest.approx(3 * math.sqrt(3)), pytest.approx(0.75))
