"""From a batch to changed weights, in all precisions, with several batches in a step."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torch.utils._python_dispatch import TorchDispatchMode
from untimed import untimed

from trainers import loop, optimizers
from trainers.accumulation import Accumulated, MicroBatches, accumulated
from trainers.computing import in_channels_last, is_channels_last, on_device
from trainers.configs.torch_config import TorchConfig
from trainers.contract import Eval, Event, InputError, Save, Saved, Step, TrainerConfig
from trainers.devices.cpu import CpuDevice
from trainers.grad_norms import NormTable
from trainers.schedule import Schedule
from trainers.updating import Updating

ROWS = torch.randn(24, 3, generator=torch.Generator().manual_seed(7))


@pytest.fixture(autouse=True, scope="module")
def _without_the_compiler() -> None:
    CpuDevice().setup()


def step(updating: Updating, rows: Tensor = ROWS, table: NormTable | None = None) -> Mapping[str, Tensor]:
    """One step, and all that is told of it."""
    return {**updating.gradients(rows), **updating.update(table)}


class Pieces:
    """The rows in order, in batches of one size; what does not fill one is left out."""

    def __init__(self, size: int) -> None:
        self._pieces = [piece for piece in ROWS.split(size) if len(piece) == size]
        self.closed = 0

    def __len__(self) -> int:
        return len(self._pieces)

    def __iter__(self) -> Iterator[Tensor]:
        try:
            yield from self._pieces
        finally:
            self.closed += 1


class Skipping(Pieces):
    """Pieces that leave out the first ones by themselves."""

    skipped = 0
    epoch = -1

    def skip(self, batches: int) -> None:
        self.skipped = batches

    def begin(self, epoch: int) -> None:
        self.epoch = epoch

    def __iter__(self) -> Iterator[Tensor]:
        yield from self._pieces[self.skipped :]


def task_of(batches: loop.Batches, config: TorchConfig | None = None, **values: Any) -> loop.Task:
    """A regression without anything random."""
    torch.manual_seed(0)
    settings = config or TorchConfig()
    model = nn.Sequential(nn.Linear(3, 4), nn.Tanh(), nn.Linear(4, 1))
    optimizer = optimizers.build_optimizer(torch.optim.AdamW, model.parameters(), settings, CpuDevice(), lr=0.01)

    def loss(rows: Tensor) -> dict[str, Tensor]:
        apart = (model(rows).float() - rows.sum(1, keepdim=True)).square()
        return {"loss": apart.mean(), "largest": apart.detach().amax()}

    parts: dict[str, Any] = {
        "model": model,
        "optimizer": optimizer,
        "groups": ("all",),
        "schedule": Schedule(optimizer, ("all",)),
        "batches": batches,
        "order": torch.Generator(),
        "loss": loss,
        "evaluate": lambda: {"score": 0.0},
        "main_metric": "score",
        "goal": "maximize",
        "effective": {},
        "precision": settings.precision,
        "clip_norm": settings.clip_norm,
    }
    return loop.Task(**(parts | values))


def trained(batches: loop.Batches, epochs: float = 2.0) -> tuple[list[Event], list[Tensor]]:
    task = task_of(batches)
    events = list(loop.run(task, TrainerConfig(epochs=epochs, norms_every=0), CpuDevice()))
    return events, [param.detach() for param in task.model.parameters()]


def steps(events: list[Event]) -> list[Step]:
    return [event for event in events if isinstance(event, Step)]


@pytest.mark.parametrize("accumulate", [2, 3])
def test_a_step_of_several_batches_is_one_of_a_batch_with_their_rows(accumulate: int) -> None:
    several, weights = trained(accumulated(Pieces(2), accumulate))
    at_once, expected = trained(Pieces(2 * accumulate))
    assert len(steps(several)) == len(steps(at_once)) == 2 * 12 // accumulate
    for one, other in zip(steps(several), steps(at_once), strict=True):
        assert one.metrics["loss"] == pytest.approx(other.metrics["loss"], abs=1e-6)
    for weight, wanted in zip(weights, expected, strict=True):
        assert torch.allclose(weight, wanted, atol=1e-6)


def test_the_last_step_of_a_pass_has_the_mean_of_the_batches_that_are_left() -> None:
    task, alone = task_of(Accumulated(Pieces(6), 3)), task_of(Pieces(6))
    first, last = task.batches
    assert [len(first), len(last)] == [3, 1]
    Updating(task, CpuDevice()).backward(last)
    alone.loss(ROWS[18:])["loss"].backward()  # type: ignore[no-untyped-call]
    for one, other in zip(task.model.parameters(), alone.model.parameters(), strict=True):
        assert one.grad is not None
        assert torch.equal(one.grad, other.grad)  # type: ignore[arg-type]


def test_accumulated_batches_are_skipped_begun_and_closed() -> None:
    plain = Pieces(4)
    assert accumulated(plain, 1) is plain
    steps_of_two = Accumulated(plain, 4)
    assert len(steps_of_two) == len(list(steps_of_two)) == 2
    steps_of_two.skip(1)
    (rest,) = steps_of_two
    assert isinstance(rest, MicroBatches)
    assert torch.equal(torch.cat(list(rest)), ROWS[16:])
    assert len(list(steps_of_two)) == 2, "the pass after that is whole"
    next(iter(steps_of_two))
    assert plain.closed == 4
    own = Skipping(4)
    Accumulated(own, 2).skip(2)
    Accumulated(own, 2).begin(3)
    assert (own.skipped, own.epoch) == (4, 3)


@pytest.mark.parametrize("most", [0.01, 100.0])
def test_norms_before_and_after_clipping_stand_beside_the_losses(most: float) -> None:
    task = task_of(Pieces(8), clip_norm=most)
    table = NormTable(task.optimizer, task.groups)
    found = step(Updating(task, CpuDevice()), ROWS[:8], table)
    grads = torch.cat([param.grad.reshape(-1) for param in task.model.parameters() if param.grad is not None])
    assert list(found) == ["loss", "largest", "grad_norm", "clipped_norm"]
    assert float(found["clipped_norm"]) == pytest.approx(float(grads.norm()), rel=1e-5)
    assert float(found["clipped_norm"]) == pytest.approx(min(most, float(found["grad_norm"])), rel=1e-3)
    (norms,) = table.unpack(torch.cat([value.reshape(-1) for value in table.after()]).tolist())
    assert norms.grad_max <= float(found["grad_norm"])
    assert norms.grad_max > 0.01, "the table has the gradients before they were clipped"


def test_nothing_is_told_of_clipping_where_there_is_none() -> None:
    assert list(step(Updating(task_of(Pieces(8)), CpuDevice()), ROWS[:8])) == ["loss", "largest"]


class Reads(TorchDispatchMode):
    """Counts values that the host reads from tensors."""

    def __init__(self) -> None:
        super().__init__()
        self.count = 0

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Mapping[str, Any] | None = None) -> Any:
        self.count += func is torch.ops.aten._local_scalar_dense.default
        return func(*args, **(kwargs or {}))


@pytest.mark.parametrize("precision", ["fp32", "bf16", "fp16"])
def test_a_step_reads_nothing_from_the_device(precision: str) -> None:
    config = TorchConfig(precision=precision, clip_norm=0.1, fused=True)
    task = task_of(Accumulated(Pieces(4), 2), config)
    updating, table = Updating(task, CpuDevice()), NormTable(task.optimizer, task.groups)
    batch = next(iter(task.batches))
    step(updating, batch, table)
    with Reads() as reads:
        step(updating, batch, table)
        table.after()
    assert reads.count == 0


@pytest.mark.parametrize("precision", ["bf16", "fp16"])
def test_losses_are_computed_with_half_the_bits_and_weights_kept_with_all(precision: str) -> None:
    seen = []
    task = task_of(Pieces(8), TorchConfig(precision=precision))
    task.model[0].register_forward_hook(lambda module, given, output: seen.append(output.dtype))  # type: ignore[index]
    before = float(task.loss(ROWS)["loss"].detach())
    updating = Updating(task, CpuDevice())
    found = [float(step(updating)["loss"].detach()) for _ in range(40)]
    assert set(seen[1:]) == {{"bf16": torch.bfloat16, "fp16": torch.float16}[precision]}
    assert found[0] == pytest.approx(before, rel=0.02)
    assert found[-1] < 0.7 * found[0]
    assert {param.dtype for param in task.model.parameters()} == {torch.float32}


def test_a_step_whose_gradients_are_not_finite_changes_nothing_and_halves_the_scale() -> None:
    task = task_of(Pieces(8), TorchConfig(precision="fp16", clip_norm=1.0))
    updating = Updating(task, CpuDevice())
    # The first scales are too large.
    first = [step(updating) for _ in range(5)][-1]
    before = [param.detach().clone() for param in task.model.parameters()]
    found = step(updating, ROWS * 1e30)
    assert float(found["skipped_steps"]) == float(first["skipped_steps"]) + 1.0
    assert float(found["loss_scale"]) == float(first["loss_scale"]) / 2
    assert all(torch.equal(one, other) for one, other in zip(before, task.model.parameters(), strict=True))
    assert float(step(updating)["skipped_steps"]) == float(found["skipped_steps"])


def test_a_cut_in_fp16_is_not_seen_in_what_follows(tmp_path: Path) -> None:
    """The third step of each pass is left out, so that the scale and the number of such steps matter."""
    batches = [ROWS[:6], ROWS[6:12], ROWS[12:18] * 1e3, ROWS[18:]]

    def begin(**values: Any) -> Any:
        config = TorchConfig(epochs=2.0, precision="fp16", norms_every=3, **values)
        return loop.run(task_of(batches, config), config, CpuDevice())

    def told(events: list[Event]) -> list[Any]:
        return [(event.step, untimed(event)) for event in events if isinstance(event, Step | Eval)]

    whole = list(begin(out=str(tmp_path / "whole")))
    skipped = [step.metrics["skipped_steps"] for step in steps(whole)]
    assert [skipped[place] - skipped[place - 1] for place in (2, 6)] == [1, 1]
    assert skipped[-1] < len(skipped)
    final = torch.load(tmp_path / "whole" / "last.pt", weights_only=True)
    for cut in (3, 4, 8):
        events = begin(out=str(tmp_path / "cut"))
        before = [next(events) for _ in range(cut)]
        saved = events.send(Save())
        events.close()
        assert isinstance(saved, Saved)
        assert told(before + list(begin(out=str(tmp_path / "rest"), resume=saved.path))) == told(whole)
        rest = torch.load(tmp_path / "rest" / "last.pt", weights_only=True)
        assert all(torch.equal(rest["model"][name], value) for name, value in final["model"].items())
        assert rest["scaling"] == final["scaling"]


def test_an_optimizer_goes_on_in_the_way_of_the_device_that_it_is_on_now() -> None:
    with_one_kernel, in_turn = task_of(Pieces(8), TorchConfig(fused=True)), task_of(Pieces(8))
    step(Updating(with_one_kernel, CpuDevice()))
    optimizers.load_state(in_turn.optimizer, with_one_kernel.optimizer.state_dict())
    assert optimizers.is_fused(with_one_kernel.optimizer)
    assert not optimizers.is_fused(in_turn.optimizer)
    step(Updating(in_turn, CpuDevice()))


def test_what_does_not_go_together_is_one_line() -> None:
    with pytest.raises(InputError, match=r"^precision = fp16 needs a fused optimizer; leave fused at none, "):
        Updating(task_of(Pieces(8), TorchConfig(precision="fp16", fused=False)), CpuDevice())


class Old(CpuDevice):
    """A device that neither computes in half precision nor compiles."""

    def supports(self, precision: str) -> bool:
        return precision == "fp32"


def test_what_a_device_cannot_do_is_said_before_training(monkeypatch: pytest.MonkeyPatch) -> None:
    assert all(CpuDevice().supports(precision) for precision in ("fp32", "bf16", "fp16"))
    with pytest.raises(InputError, match=r"^precision = bf16 does not work on cpu \(.*\); use fp32$"):
        on_device(nn.Linear(1, 1), TorchConfig(precision="bf16"), Old())
    monkeypatch.setenv("CXX", "no-such-compiler")
    refusal = r"^compile = true does not work on cpu \(.*\): there is no no-such-compiler; install a C\+\+ compiler"
    with pytest.raises(InputError, match=refusal):
        on_device(nn.Linear(1, 1), TorchConfig(compile=True), CpuDevice())


def test_convolutions_keep_their_numbers_with_channels_last() -> None:
    torch.manual_seed(0)
    network = nn.Sequential(nn.Conv2d(3, 8, 3), nn.ReLU(), nn.Conv2d(8, 4, 1))
    pictures = torch.randn(2, 3, 6, 6)
    expected = network(pictures)
    assert not is_channels_last(network)
    assert is_channels_last(in_channels_last(network))
    found = network(pictures)
    assert found.is_contiguous(memory_format=torch.channels_last)
    assert torch.allclose(found, expected, atol=1e-6)
