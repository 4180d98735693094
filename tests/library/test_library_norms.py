"""`cockpit.norms` against a straightforward computation."""

import math

import numpy as np
import pytest
import torch
from scripts import of_kind
from torch.utils._python_dispatch import TorchDispatchMode

import cockpit
from cockpit.library.group_norms import parameter_names, table_of


def small_model(seed=0):
    torch.manual_seed(seed)
    return torch.nn.Sequential(torch.nn.Linear(6, 5), torch.nn.Tanh(), torch.nn.Linear(5, 2))


def arrays(tensors):
    return [tensor.detach().double().numpy().copy() for tensor in tensors]


def norms_of(each):
    return np.array([np.sqrt((array**2).sum()) for array in each])


def whole(each):
    return math.sqrt(sum((array**2).sum() for array in each))


def test_the_table_is_right(recorded):
    model = small_model()
    groups = [{"params": model[0].parameters(), "name": "body"}, {"params": model[2].parameters(), "lr": 0.5}]
    optimizer = torch.optim.Adam(groups, lr=0.1)
    expected = {}
    for step in range(1, 4):
        optimizer.zero_grad()
        model(torch.randn(4, 6)).square().sum().backward()
        before = [arrays(group["params"]) for group in optimizer.param_groups]
        grads = [arrays(each.grad for each in group["params"]) for group in optimizer.param_groups]
        cockpit.norms(optimizer, every=1)
        optimizer.step()
        after = [arrays(group["params"]) for group in optimizer.param_groups]
        for name, old, grad, new in zip(("body", "pg1"), before, grads, after, strict=True):
            change = whole([b - a for a, b in zip(old, new, strict=True)]) / whole(old)
            p, g = norms_of(old), norms_of(grad)
            expected[step, name] = (p.mean(), p.std(), g.mean(), g.std(), g.max(), 0, change)
        cockpit.log(step=step, loss=1.0)
    found = {
        (e.step, e.group): (
            e.param_mean, e.param_std, e.grad_mean, e.grad_std, e.grad_max, e.nonfinite, e.update_ratio,
        )
        for e in of_kind(recorded(), "norms")
    }  # fmt: skip
    assert found.keys() == expected.keys()
    for key, values in expected.items():
        assert found[key] == pytest.approx(values, rel=1e-4), key


@pytest.mark.parametrize("log_first", [True, False])
def test_steps_are_those_of_the_log_and_only_some_are_measured(recorded, log_first):
    model = small_model()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    for step in range(1, 26):
        model(torch.randn(4, 6)).sum().backward()
        if log_first:
            cockpit.log(step=step, loss=1.0)
        cockpit.norms(optimizer)
        optimizer.step()
        if not log_first:
            cockpit.log(step=step, loss=1.0)
    assert [event.step for event in of_kind(recorded(), "norms")] == [1, 10, 20]


def test_two_optimizers_and_a_wrapper(recorded):
    first, second = (torch.optim.SGD(small_model(seed).parameters(), lr=0.1) for seed in range(2))

    class Wrapper:
        optimizer = second
        param_groups = second.param_groups

    for step in (1, 2):
        cockpit.norms(first, step=step, every=1)
        cockpit.norms(Wrapper(), step=step, every=1)
        first.step()
        second.step()
    found = [(event.step, event.group) for event in of_kind(recorded(), "norms")]
    assert found == [(1, "pg0"), (1, "pg1"), (2, "pg0"), (2, "pg1")]


def test_a_skipped_step_is_written_without_its_update(recorded):
    model = small_model()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    model(torch.randn(4, 6)).sum().backward()
    model[0].weight.grad[0, 0] = math.inf
    model[2].bias.grad[0] = math.nan
    cockpit.norms(optimizer, step=1)
    cockpit.norms(optimizer, step=2)
    (event,) = of_kind(recorded(), "norms")
    assert (event.step, event.nonfinite) == (1, 2)
    assert math.isnan(event.update_ratio)


def test_unusual_tensors(recorded):
    half = torch.nn.Parameter(torch.full((40_000,), 300.0, dtype=torch.float16))
    double = torch.nn.Parameter(torch.full((4,), 2.0, dtype=torch.float64))
    frozen = torch.nn.Parameter(torch.ones(3), requires_grad=False)
    table = torch.nn.Embedding(10, 4, sparse=True)
    optimizer = torch.optim.SGD([half, frozen, table.weight, double], lr=0.0)
    (half.float().sum() + double.sum()).backward()
    table(torch.tensor([1, 1, 2])).sum().backward()
    cockpit.norms(optimizer, step=1)
    optimizer.step()
    (event,) = of_kind(recorded(), "norms")
    # 300 √40000 = 60000 and its square are beyond half precision; the rows of the table got 2 and 1, four times each.
    grads = np.array([200.0, math.sqrt(4 * 4 + 4), 2.0])
    assert (event.grad_mean, event.grad_std) == pytest.approx((grads.mean(), grads.std()), rel=1e-5)
    parameters = norms_of(arrays([half, frozen, table.weight, double]))
    assert (event.param_mean, event.param_std) == pytest.approx((parameters.mean(), parameters.std()), rel=1e-5)
    assert (event.nonfinite, event.update_ratio) == (0, 0.0)


def test_large_tensors_are_sampled(recorded):
    torch.manual_seed(0)
    weight = torch.nn.Parameter(torch.randn(300, 400))
    optimizer = torch.optim.SGD([weight], lr=1.0)
    weight.grad = torch.randn(300, 400) * 0.01
    cockpit.norms(optimizer, step=1)
    optimizer.step()
    (event,) = of_kind(recorded(), "norms")
    assert event.update_ratio == pytest.approx(0.01, rel=0.1)


class Reads(TorchDispatchMode):
    """Counts what brings single numbers to the host, which on a GPU waits for it."""

    count = 0

    def __torch_dispatch__(self, function, types, args=(), kwargs=None):
        self.count += str(function).startswith(("aten._local_scalar_dense", "aten._to_copy"))
        return function(*args, **(kwargs or {}))


def test_no_number_is_read_by_itself():
    model = small_model()
    model(torch.randn(4, 6)).sum().backward()
    with Reads() as reads:
        groups = {"body": list(model[0].parameters()), "head": list(model[2].parameters())}
        table = table_of(groups, parameter_names(model), "", None)
        table.gradients()
        table.updates()
        assert reads.count == 0  # `tolist` of the packed tensor is the one copy, and is no operation of its own here
        model[0].bias.sum().item()
        assert reads.count == 1
    assert [row.group for row in table.events(1)] == ["body", "head"]


def test_nothing_outside_a_run(recorded, monkeypatch):
    monkeypatch.delenv("COCKPIT_EVENTS")
    cockpit.norms(torch.optim.SGD(small_model().parameters(), lr=0.1), step=1)
    assert recorded() == []


def train(step, *optimizers, model):
    """One step of a loop in which each optimizer has its turn."""
    model(torch.randn(4, 6)).square().sum().backward()
    for optimizer in optimizers:
        cockpit.norms(optimizer, step=step, every=1, model=model)
        optimizer.step()


def test_what_is_not_trained_is_noted_once_and_once_more_where_it_changes(recorded):
    model = small_model()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    model[0].requires_grad_(False)
    for step in (1, 2, 3):
        train(step, optimizer, model=model)
    (first,) = of_kind(recorded(), "note")
    assert first.text == "2 of 4 tensors are not trained: 0.weight, 0.bias"
    assert first.frozen == {"tensors": 2, "of": 4, "names": ["0.weight", "0.bias"]}
    model[0].requires_grad_(True)
    for step in (4, 5, 6):
        train(step, optimizer, model=model)
    _, second = of_kind(recorded(), "note")
    assert (second.text, second.frozen) == ("all 4 tensors are trained", {"tensors": 0, "of": 4, "names": []})


def test_what_another_optimizer_trains_is_trained(recorded):
    model = small_model()
    first, second = (torch.optim.SGD(model[layer].parameters(), lr=0.1) for layer in (0, 2))
    for step in (1, 2, 3):
        train(step, first, second, model=model)
    assert of_kind(recorded(), "note") == []
    model[2].bias.requires_grad_(False)
    for step in (4, 5):
        train(step, first, second, model=model)
    (note,) = of_kind(recorded(), "note")
    assert note.text == "1 of 4 tensors are not trained: 2.bias"


def test_an_optimizer_with_copies_of_all_tensors_says_nothing_of_the_model(recorded):
    model = small_model()
    copies = [torch.nn.Parameter(each.detach().clone()) for each in model.parameters()]
    optimizer = torch.optim.SGD(copies, lr=0.1)
    for step in (1, 2):
        train(step, optimizer, model=model)
    assert of_kind(recorded(), "note") == []
