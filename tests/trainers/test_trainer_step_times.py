"""Times of steps on a device that works beside the host: asked for when it has come to them, and never waited for."""

from __future__ import annotations

import pytest
import torch

from trainers.devices.base import moved
from trainers.devices.cpu import CpuDevice
from trainers.step_times import COMPUTE, DATA, MOST_KEPT, PARTS, RECORD, StepTimes, share_waited, told


class BusyDevice(CpuDevice):
    """Counts its marks; `done` is the last one that it has come to."""

    def __init__(self) -> None:
        self.marks = 0
        self.done = 0
        self.asked: list[int] = []

    def mark(self) -> int:
        self.marks += 1
        return self.marks

    def has_passed(self, mark: int) -> bool:
        return mark <= self.done

    def seconds_between(self, first: int, last: int) -> float:
        assert last <= self.done, "this would wait"
        self.asked.append(last)
        return float(last - first)


def step(times: StepTimes) -> None:
    times.spent(RECORD)
    times.spent(DATA)
    times.spent(COMPUTE)
    times.end_step()


def test_nothing_is_asked_for_before_the_device_has_come_there() -> None:
    device = BusyDevice()
    times = StepTimes(device)
    step(times)
    spent = times.take()
    step(times)
    assert device.asked == []
    device.done = device.marks
    assert spent.seconds() == [1.0, 1.0, 1.0, 1.0]
    assert spent.steps == 2


def test_a_step_that_is_asked_for_in_its_middle_goes_on_to_its_end() -> None:
    device = BusyDevice()
    device.done = 1_000
    times = StepTimes(device)
    times.spent(DATA)
    spent = times.take()
    times.spent(COMPUTE)
    times.end_step()
    step(times)
    assert spent.seconds() == [1.0, 1.0, 1.0, 0.0]
    assert times.take().seconds() == [1.0, 1.0, 1.0, 1.0]


def test_few_marks_are_kept_where_steps_are_seldom_logged() -> None:
    device = BusyDevice()
    times = StepTimes(device)
    for _ in range(MOST_KEPT):
        step(times)
        device.done = device.marks - 6
    assert 0 <= 4 * MOST_KEPT - len(device.asked) <= MOST_KEPT
    device.done = device.marks
    assert sum(times.take().seconds()) == 4.0


def test_shares_and_names() -> None:
    assert share_waited([1.0, 2.0, 0.5, 0.5]) == 0.25
    assert share_waited([0.0] * 4) == 0.0
    assert told([0.123456789, 2.0, 0.0, 0.5]) == {"data": 0.1234568, "compute": 2.0, "record": 0.5}
    assert PARTS == ("data", "compute", "optimizer", "record")


@pytest.mark.parametrize("kind", [dict, list])
def test_all_tensors_of_a_batch_are_moved_and_the_rest_stays(kind: type) -> None:
    here, there = torch.ones(2), torch.device("meta")
    batch = {"a": here, "b": [here, "word"]} if kind is dict else [here, {"a": here}, 3]
    found = moved(batch, there)
    leaves, before = (torch.utils._pytree.tree_leaves(tree) for tree in (found, batch))
    assert type(found) is kind
    assert [leaf.device == there if isinstance(leaf, torch.Tensor) else leaf for leaf in leaves] == [
        True if isinstance(leaf, torch.Tensor) else leaf for leaf in before
    ]
    assert CpuDevice().receive(batch) is batch
