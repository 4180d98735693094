"""What a device that compiles for every shape and every kind of step is given: one of each."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch
from test_trainer_loop import collect, make, of
from torch import Tensor
from torch.optim import SGD, Adam, AdamW
from torch.utils._python_dispatch import TorchDispatchMode
from untimed import untimed

from trainers.contract import Built, Eval, Step, TrainerConfig
from trainers.data.batches import Batch
from trainers.devices.cpu import CpuDevice
from trainers.devices.optimizer_state import make_state, tensors_of
from trainers.outputs import Outputs, filled
from trainers.prediction import predict
from trainers.preflight import go_the_whole_way
from trainers.view import View

ROWS = 6


class Recorder(TorchDispatchMode):
    """The operations of each step in order, as a device that compiles sees them."""

    def __init__(self) -> None:
        super().__init__()
        self.graph: list[str] = []
        self.graphs: list[tuple[str, ...]] = []

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        self.graph.append(str(func))
        return func(*args, **(kwargs or {}))


class Lazy(CpuDevice):
    """A lazy device with four chips."""

    lazy = True
    chips = 4

    def __init__(self, recorder: Recorder | None = None) -> None:
        self.recorder = recorder

    def step_end(self) -> None:
        if self.recorder is not None:
            self.recorder.graphs.append(tuple(self.recorder.graph))
            self.recorder.graph = []

    def sharing(self, rows: int) -> int:
        return self.chips if rows % self.chips == 0 else 1

    def settle(self, model: torch.nn.Module, optimizer: torch.optim.Optimizer) -> None:
        make_state(optimizer, torch.clone)


def untold(events: Sequence[Any]) -> list[Any]:
    return [(type(event), event.step, untimed(event)) for event in events if isinstance(event, Step | Eval)]


@pytest.mark.parametrize("log_every", [1, 3])
def test_a_lazy_device_tells_the_same_as_any_other(log_every: int) -> None:
    config = TrainerConfig(epochs=2, log_every=log_every, norms_every=4)
    mine, others = collect(config, Lazy()), collect(config)
    assert untold(mine) == untold(others)
    assert [event.norms for event in of(Step, mine)] == [event.norms for event in of(Step, others)]


def test_steps_that_log_or_measure_norms_are_no_other_graph_on_a_lazy_device() -> None:
    config = TrainerConfig(epochs=2, log_every=3, norms_every=4)

    def optimized(device: CpuDevice, recorder: Recorder) -> list[int]:
        events, _ = make(config, device, scores=[0.0, 0.0])
        with recorder:
            list(events)
        # What Adam and the norms compute; the batches' own and those of evaluations are left out.
        return [sum("norm" in name for name in graph) for graph in recorder.graphs]

    alike, eager = Recorder(), Recorder()

    class Eager(Lazy):
        lazy = False

    assert len(set(optimized(Lazy(alike), alike))) == 1
    assert len(set(optimized(Eager(eager), eager))) > 1


@pytest.mark.parametrize("kind", [Adam, AdamW])
@pytest.mark.parametrize("amsgrad", [False, True])
def test_the_state_made_before_the_first_step_is_that_which_adam_begins_with(kind: Any, amsgrad: bool) -> None:
    def steps(settled: bool) -> list[Tensor]:
        weights = [torch.nn.Parameter(torch.ones(3, 2)), torch.nn.Parameter(torch.ones(2))]
        weights[1].requires_grad_(False)
        optimizer = kind(weights, lr=0.1, weight_decay=0.1, amsgrad=amsgrad)
        if settled:
            make_state(optimizer, torch.clone)
            make_state(optimizer, torch.clone)
        for factor in (1.0, -2.0):
            weights[0].grad = factor * torch.arange(6.0).reshape(3, 2)
            optimizer.step()
        assert weights[1] not in optimizer.state
        return [weights[0].detach(), *optimizer.state[weights[0]].values()]

    for mine, other in zip(steps(True), steps(False), strict=True):
        assert torch.equal(mine, other)


@pytest.mark.parametrize("numbers", [torch.float32, torch.float64])
def test_what_adam_counts_with_on_the_device_is_a_tensor_of_its_own(numbers: torch.dtype) -> None:
    weights = [torch.nn.Parameter(torch.ones(2)) for _ in range(2)]
    optimizer = AdamW(weights, lr=0.1, capturable=True)
    make_state(optimizer, torch.clone, numbers)
    sent = [optimizer.param_groups[0]["lr"], *(optimizer.state[weight]["step"] for weight in weights)]
    assert [tensor.dtype for tensor in sent] == [numbers] * 3
    assert len({tensor.data_ptr() for tensor in sent}) == 3
    assert sent[0] == torch.tensor(0.1, dtype=numbers)
    assert {id(tensor) for tensor in sent} < {id(tensor) for tensor in tensors_of(optimizer)}


@pytest.mark.parametrize(("device", "steps"), [(CpuDevice(), 1), (Lazy(), 0)], ids=["eager", "lazy"])
def test_a_rehearsal_makes_no_step_of_its_own_where_steps_are_compiled(device: CpuDevice, steps: int) -> None:
    _, task = make(TrainerConfig(), device)
    seen: list[Tensor] = []

    def loss(batch: Tensor) -> Any:
        seen.append(batch)
        return task.loss(batch)

    loader: Any = SimpleNamespace(order=[[0, 1]], dataset=SimpleNamespace(__getitems__=torch.tensor))
    evaluated: list[bool] = []
    stages = {"evaluating": lambda: evaluated.append(task.model.training)}
    go_the_whole_way(replace(task, loss=loss), loader, device, stages)
    assert len(seen) == steps
    assert evaluated == [False]
    assert task.model.training


def test_other_optimizers_are_left_alone() -> None:
    optimizer = SGD([torch.nn.Parameter(torch.ones(2))], lr=0.1, momentum=0.9)
    make_state(optimizer, torch.clone)
    assert not optimizer.state


def test_a_batch_is_filled_up_with_its_last_row() -> None:
    batch = {"ids": torch.arange(6).reshape(2, 3), "label": torch.tensor([4, 5])}
    whole = filled(batch, 4)
    assert whole["ids"].tolist() == [[0, 1, 2], [3, 4, 5], [3, 4, 5], [3, 4, 5]]
    assert whole["label"].tolist() == [4, 5, 5, 5]
    assert filled(batch, 2)["ids"] is batch["ids"]


@pytest.mark.parametrize("rows", [1, 5, 6, 7, 13])
@pytest.mark.parametrize("view", [View(), View(shuffled=True), View(alone=2)], ids=["plain", "shuffled", "alone"])
def test_evaluations_of_any_size_have_one_shape_and_the_same_outputs(rows: int, view: View) -> None:
    inputs = torch.randn(20, 3)

    def look(device: CpuDevice) -> tuple[Any, list[int]]:
        shapes: list[int] = []

        def score(batch: Batch) -> Tensor:
            shapes.append(len(batch["x"]))
            return batch["x"] * 2

        found = predict(score, np.arange(rows), lambda places: {"x": inputs[list(places)]}, device, ROWS, view)
        return found, shapes

    mine, shapes = look(Lazy())
    other, _ = look(CpuDevice())
    np.testing.assert_array_equal(mine, other)
    np.testing.assert_array_equal(mine, 2 * inputs[:rows].numpy())
    assert set(shapes) <= ({ROWS, 1} if view.alone else {ROWS})


def test_no_outputs_come_to_the_host_as_none() -> None:
    assert CpuDevice().on_host([]) == []
    assert Outputs(CpuDevice()).on_host() == {}


@pytest.mark.parametrize(("batch_size", "chips"), [(8, 4), (6, 1)])
def test_the_settings_say_how_many_chips_share_a_batch(batch_size: int, chips: int) -> None:
    built = collect(TrainerConfig(epochs=0.1), Lazy(), effective={"batch_size": batch_size})[0]
    assert isinstance(built, Built)
    assert built.effective == {"batch_size": batch_size, "lr_scale": 1.0, "chips": chips}
