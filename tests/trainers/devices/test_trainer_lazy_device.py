"""The lazy device that trainers are tried on: it must see what it is there to see."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
import torch
from lazy_device import LAZY, EarlyReadError, LazyDevice
from torch import Tensor, nn
from torch.optim import Adam, AdamW

from trainers.schedule import Schedule


@pytest.fixture
def device() -> Iterator[LazyDevice]:
    with LazyDevice() as device:
        yield device


READS: dict[str, Callable[[Tensor], object]] = {
    "item": lambda x: x[0].item(),
    "float": lambda x: float(x[0]),
    "branch": lambda x: 1 if x[0] > 0 else 0,
    "compare": lambda x: torch.equal(x, x),
    "tolist": lambda x: x.tolist(),
    "print": lambda x: f"{x}",
    "cpu": lambda x: x.cpu(),
    "copy_": lambda x: torch.empty(4).copy_(x),
    "mask": lambda x: x[x > 0],
    "set by mask": lambda x: x.detach().clone().index_put_((x > 0,), torch.zeros((), device=LAZY)),
    "nonzero": lambda x: x.nonzero(),
    "masked_select": lambda x: x.masked_select(x > 0),
    "unique": lambda x: x.unique(),
    "where": lambda x: torch.where(x > 0),
    "repeat": lambda x: x.repeat_interleave(torch.ones(4, dtype=torch.long, device=LAZY)),
}
FINE: dict[str, Callable[[Tensor], object]] = {
    "choose": lambda x: torch.where(x > 0, x, torch.zeros_like(x)),
    "fill": lambda x: x.masked_fill(x > 0, 0.0),
    "places": lambda x: x[torch.arange(2)],
    "places there": lambda x: x[torch.arange(2, device=LAZY)],
    "shape": lambda x: x.reshape(2, -1).shape[1] + len(x),
    "scalar": lambda x: x * 2.0 + torch.tensor(1.0),
    "new": lambda x: torch.tensor([1.0], device=LAZY) + x,
    "repeat": lambda x: x.repeat_interleave(torch.ones(4, dtype=torch.long, device=LAZY), output_size=4),
    "attention": lambda x: nn.functional.scaled_dot_product_attention(*[x.reshape(1, 2, 2)] * 3),
}


def step(device: LazyDevice) -> Tensor:
    x = torch.arange(4.0).to(device.torch_device).requires_grad_()
    device.watch()
    (x * 2).sum().backward()
    return x


@pytest.mark.parametrize("name", READS)
def test_a_read_within_a_step_is_an_error(device: LazyDevice, name: str) -> None:
    x = step(device)
    with pytest.raises(EarlyReadError):
        READS[name](x.detach())


@pytest.mark.parametrize("name", READS)
def test_a_read_between_steps_is_counted(device: LazyDevice, name: str) -> None:
    x = step(device).detach()
    device.step_end()
    with torch.inference_mode():
        READS[name](x)
    assert (device.evaluation_reads, device.flushes) == (1, 0)


@pytest.mark.parametrize("name", FINE)
def test_what_needs_no_value_is_no_read(device: LazyDevice, name: str) -> None:
    FINE[name](step(device))
    device.step_end()
    assert (device.evaluation_reads, device.flushes) == (0, 0)


def test_it_computes_what_the_processor_does(device: LazyDevice) -> None:
    def train(place: torch.device) -> list[float]:
        torch.manual_seed(0)
        model = nn.Sequential(nn.Linear(4, 8), nn.BatchNorm1d(8), nn.Dropout(0.1), nn.Linear(8, 2)).to(place)
        optimizer = torch.optim.AdamW(model.parameters(), lr=0.1)
        losses = []
        for _ in range(3):
            loss = model(torch.randn(5, 4).to(place)).square().mean()
            optimizer.zero_grad()
            loss.backward()
            nn.utils.clip_grad_norm_(model.parameters(), 1.0)
            optimizer.step()
            losses.append(loss.detach())
        return [float(loss) for loss in losses]

    assert train(LAZY) == train(torch.device("cpu"))


def test_tensors_of_the_host_are_strangers(device: LazyDevice) -> None:
    with pytest.raises(RuntimeError, match="on the host and on the device"):
        torch.ones(3, device=LAZY) + torch.ones(3)


def test_steps_of_the_same_shapes_are_one_graph(device: LazyDevice) -> None:
    weight = torch.ones(3, device=LAZY, requires_grad=True)
    device.watch()
    for rows in (2, 2, 5):
        (torch.ones(rows, 3).to(LAZY) * weight).sum().backward()
        device.step_end()
    first, second, third = device.graphs
    assert first != third
    assert second != third


def test_a_number_of_the_host_is_part_of_the_graph(device: LazyDevice) -> None:
    device.watch()
    for factor in (torch.tensor(2.0), torch.tensor(3.0), torch.tensor([2.0]), torch.tensor([3.0])):
        torch.ones(3, device=LAZY, requires_grad=True) * factor.to(LAZY)
        device.step_end()
    first, second, third, fourth = device.graphs
    assert first != second
    assert third == fourth


@pytest.mark.parametrize("kind", [Adam, AdamW])
def test_no_rate_is_part_of_the_graph(device: LazyDevice, kind: type[Adam]) -> None:
    weight = nn.Parameter(torch.ones(3, device=LAZY))
    optimizer = kind([weight], lr=torch.tensor(0.1, device=LAZY), weight_decay=0.01)
    schedule = Schedule(optimizer, ("all",))
    weight.grad = torch.ones(3, device=LAZY)
    device.watch()
    for rate in (0.0, 0.5, 0.01, 1.0, 0.0):
        schedule.steer("lr", rate)
        (optimizer.param_groups[0]["lr"] * weight).sum().backward()
        device.step_end()
    assert len(set(device.graphs)) == 1
    assert optimizer.param_groups[0]["lr"].shape == ()


def test_a_fetch_is_one_copy_and_never_within_a_step(device: LazyDevice) -> None:
    x = step(device)
    pack = device.pack([x, x.sum()])
    with pytest.raises(EarlyReadError, match="before step_end"):
        device.fetch([pack])
    device.step_end()
    assert device.fetch([pack, pack]).floats() == [[0.0, 1.0, 2.0, 3.0, 6.0]] * 2
    assert (device.fetches, device.flushes) == (1, 1)
