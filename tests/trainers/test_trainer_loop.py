from __future__ import annotations

import math
import random
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn
from untimed import untimed

from trainers import loop
from trainers.contract import Built, CheckpointError, Eval, Event, Events, Save, Saved, Set, Step, TrainerConfig
from trainers.devices.base import Fetched
from trainers.devices.cpu import CpuDevice
from trainers.schedule import Schedule
from trainers.seeding import seed_everything


class LazyDevice(CpuDevice):
    """Stands in for a device that computes later: it counts copies and refuses those before the end of a step.

    A flush is due after every so many logged steps, however long they take, where `flush_seconds` is above 0.
    """

    def __init__(self, flush_seconds: float = 0.0) -> None:
        self.flush_seconds = flush_seconds  # type: ignore[misc]
        self.answers_at_once = flush_seconds == 0  # type: ignore[misc]
        self.reads: list[list[int]] = []
        self.steps = 0
        self.step_is_open = False

    def step_end(self) -> None:
        self.steps += 1
        self.step_is_open = False

    def fetch(self, packs: Sequence[Tensor]) -> Fetched:
        assert not self.step_is_open, "read before step_end"
        self.reads.append([len(pack) for pack in packs])
        return super().fetch(packs)


class Shuffled:
    """Batches of row numbers in a new order on every pass."""

    def __init__(self, count: int, order: torch.Generator) -> None:
        self._count = count
        self._order = order
        self.started = 0

    def __len__(self) -> int:
        return self._count

    def __iter__(self) -> Iterator[Tensor]:
        self.started += 1
        yield from torch.randperm(self._count, generator=self._order)


def make(
    config: TrainerConfig,
    device: CpuDevice,
    scores: Sequence[float] = (),
    artefacts: Callable[[Path], Mapping[str, Path]] = loop.no_artefacts,
    **task: Any,
) -> tuple[Events, loop.Task]:
    """A regression on ten numbers. Evaluations report `scores` in turn, or the negative loss."""
    order = seed_everything(config.seed, device)
    model = nn.Sequential(nn.Linear(3, 4), nn.Dropout(0.3), nn.Linear(4, 1))
    inputs = torch.randn(10, 5, 3)
    optimizer = torch.optim.AdamW([{"params": model[0].parameters()}, {"params": model[2].parameters()}], lr=0.01)
    remaining = list(scores)

    def loss(batch: Tensor) -> dict[str, Tensor]:
        if isinstance(device, LazyDevice):
            device.step_is_open = True
        output = model(inputs[batch])
        return {"loss": (output - 1).square().mean(), "size": output.abs().mean()}

    def evaluate() -> dict[str, float]:
        assert not model.training
        with torch.no_grad():
            value = -float((model(inputs) - 1).square().mean())
        return {"score": remaining.pop(0) if remaining else value}

    parts: dict[str, Any] = {
        "model": model,
        "optimizer": optimizer,
        "groups": ("first", "last"),
        "schedule": Schedule(optimizer, ("first", "last"), own_rate=["last"]),
        "batches": Shuffled(10, order),
        "order": order,
        "loss": loss,
        "evaluate": evaluate,
        "main_metric": "score",
        "goal": "maximize",
        "effective": {"lr": optimizer.param_groups[0]["lr"]},
        "artefacts": artefacts,
    }
    built = loop.Task(**(parts | task))
    return loop.run(built, config, device), built


def collect(config: TrainerConfig, device: CpuDevice | None = None, **options: Any) -> list[Event]:
    return list(make(config, device or CpuDevice(), **options)[0])


def of(kind: type, events: Sequence[Event]) -> list[Any]:
    return [event for event in events if isinstance(event, kind)]


@pytest.mark.parametrize(
    ("epochs", "steps", "evaluated_at"),
    [(0.1, 1, [1]), (0.01, 1, [1]), (1, 10, [10]), (1.25, 12, [10, 12]), (2, 20, [10, 20]), (0, 0, [0])],
)
def test_fractions_of_epochs_end_with_an_evaluation(epochs: float, steps: int, evaluated_at: list[int]) -> None:
    events = collect(TrainerConfig(epochs=epochs))
    assert events[0] == Built({"lr": 0.01, "lr_scale": 1.0}, steps, ("first", "last"), parameters=4)
    assert [event.step for event in of(Step, events)] == list(range(1, steps + 1))
    assert [event.step for event in of(Eval, events)] == evaluated_at


def test_epochs_count_from_zero_and_steps_from_one() -> None:
    events = collect(TrainerConfig(epochs=2))
    assert [(event.epoch, event.step) for event in of(Step, events)][9:11] == [(0, 10), (1, 11)]
    assert [(event.epoch, event.phase) for event in of(Eval, events)] == [(0, "valid"), (1, "valid")]


def test_one_read_per_logged_step_and_none_otherwise() -> None:
    device = LazyDevice()
    events = collect(TrainerConfig(epochs=2, log_every=4, norms_every=8), device)
    assert [event.step for event in of(Step, events)] == [4, 8, 12, 16, 20]
    assert len(device.reads) == 5
    assert device.steps == 20
    # Two losses, and where norms are due three numbers for each of four tensors.
    assert device.reads == [[2 + 12], [2 + 12], [2], [2 + 12], [2]]


def test_norms_of_all_groups_come_first_and_then_regularly() -> None:
    steps = of(Step, collect(TrainerConfig(epochs=2, norms_every=6)))
    assert [step.step for step in steps if step.norms] == [1, 6, 12, 18]
    assert all([norms.group for norms in step.norms] == ["first", "last"] for step in steps if step.norms)
    assert all(norms.update_ratio > 0 for norms in steps[0].norms)
    assert not any(step.norms for step in of(Step, collect(TrainerConfig(epochs=1, norms_every=0))))


def test_steps_have_losses_and_rates() -> None:
    step = of(Step, collect(TrainerConfig(epochs=0.1)))[0]
    assert set(step.metrics) == {"loss", "size", "lr", "wait"}
    assert step.metrics["lr"] == 0.01
    assert step.time >= 0


class ClockDevice(CpuDevice):
    """Its clock goes on where somebody says so, and nowhere else."""

    now = 0.0

    def mark(self) -> float:
        return self.now


def timed(config: TrainerConfig, device: ClockDevice) -> list[Event]:
    """A batch takes 3 s, a loss 1 s, the optimizer 0.5 s, whoever gets a step 0.25 s, and an evaluation 100 s."""

    class Slow(Shuffled):
        def __iter__(self) -> Iterator[Tensor]:
            for batch in super().__iter__():
                device.now += 3.0
                yield batch

    def loss(batch: Tensor) -> dict[str, Tensor]:
        device.now += 1.0
        return {"loss": next(task.model.parameters()).sum()}

    def evaluate() -> dict[str, float]:
        device.now += 100.0
        return {"score": 0.0}

    def optimized(*_: object) -> None:
        device.now += 0.5

    events, task = make(config, device, batches=Slow(10, torch.Generator()), loss=loss, evaluate=evaluate)
    task.optimizer.register_step_post_hook(optimized)
    found = []
    for event in events:
        found.append(event)
        device.now += 0.25 if isinstance(event, Step) else 50.0
    return found


def test_each_step_says_where_its_time_went() -> None:
    """Evaluations, and what is done with them, are nobody's time; a step's record is that of the one before."""
    steps = of(Step, timed(TrainerConfig(epochs=1.2), ClockDevice()))
    assert steps[0].times == {"data": 3.0, "compute": 1.0, "optimizer": 0.5}
    assert [step.times for step in steps[1:]] == [{"data": 3.0, "compute": 1.0, "optimizer": 0.5, "record": 0.25}] * 11
    assert [step.metrics["wait"] for step in steps[1:]] == [pytest.approx(3.0 / 4.75)] * 11


def test_of_several_steps_the_times_are_the_mean() -> None:
    device = ClockDevice()
    steps = of(Step, timed(TrainerConfig(epochs=1, log_every=5), device))
    assert steps[1].times == {"data": 3.0, "compute": 1.0, "optimizer": 0.5, "record": 0.05}
    # Together they are the time that passed, the evaluation and what came after it left out.
    assert 5 * sum(sum(step.times.values()) for step in steps) == pytest.approx(10 * 4.5 + 0.25)


def test_a_lazy_device_does_not_tell_the_optimizer_from_the_rest() -> None:
    class Lazy(ClockDevice):
        lazy = True

    steps = of(Step, timed(TrainerConfig(epochs=0.2), Lazy()))
    assert steps[1].times == {"data": 3.0, "compute": 1.5, "record": 0.25}


def test_batches_that_can_be_closed_are_closed_where_the_training_ends() -> None:
    closed = []

    class Open(Shuffled):
        def __iter__(self) -> Iterator[Tensor]:
            try:
                yield from super().__iter__()
            finally:
                closed.append(True)

    events, _ = make(TrainerConfig(epochs=3), CpuDevice(), batches=Open(10, torch.Generator()))
    next(events), next(events)
    events.close()
    assert closed == [True]


def test_a_loss_of_nan_is_reported_and_training_goes_on() -> None:
    def broken(batch: Tensor) -> dict[str, Tensor]:
        return {"loss": torch.tensor(math.nan, requires_grad=True)}

    steps = of(Step, collect(TrainerConfig(epochs=0.5), loss=broken))
    assert len(steps) == 5
    assert all(math.isnan(step.metrics["loss"]) for step in steps)


def test_one_seed_gives_the_same_numbers_and_another_does_not() -> None:
    def numbers(seed: int) -> list[dict[str, float]]:
        events = collect(TrainerConfig(epochs=1.5, seed=seed))
        return [untimed(event) for event in events if isinstance(event, Step | Eval)]

    assert numbers(3) == numbers(3)
    assert numbers(3) != numbers(4)


def test_evaluations_and_logging_do_not_change_training() -> None:
    def last_loss(**options: Any) -> float:
        return float(of(Step, collect(TrainerConfig(epochs=2, **options)))[-1].metrics["loss"])

    assert last_loss(norms_every=1) == last_loss(norms_every=0) == last_loss(log_every=20)


def test_checkpoints_open_without_trusting_them_and_hold_everything(tmp_path: Path) -> None:
    config = TrainerConfig(epochs=1.5, out=str(tmp_path))
    events, task = make(config, CpuDevice())
    list(events)
    state = torch.load(tmp_path / "last.pt", weights_only=True)
    assert (state["epoch"], state["step"], set(state["metrics"])) == (1, 15, {"score"})
    assert state["config"]["epochs"] == 1.5
    assert state["effective"] == {"lr": 0.01, "lr_scale": 1.0}
    assert set(state["rng"]) == {"python", "numpy", "torch"}
    # The order's generator as it was when the second pass began: one pass draws once.
    torch.randperm(10, generator=task.order.set_state(state["pass_began"]))
    assert not torch.equal(state["pass_began"], task.order.get_state())
    task.schedule.load_state_dict(state["schedule"])
    task.optimizer.load_state_dict(state["optimizer"])
    for name, value in task.model.state_dict().items():
        assert torch.equal(state["model"][name], value)


@pytest.mark.parametrize(
    ("goal", "scores", "best_at"),
    [
        ("maximize", (0.5, 0.7, 0.6), [10, 20]),
        ("minimize", (0.5, 0.7, 0.4), [10, 30]),
        ("maximize", (math.nan, 0.1, math.nan), [20]),
    ],
)
def test_best_follows_the_main_metric(tmp_path: Path, goal: str, scores: tuple[float, ...], best_at: list[int]) -> None:
    def artefacts(folder: Path) -> dict[str, Path]:
        return {"notes": folder / "notes.txt"}

    config = TrainerConfig(epochs=3, out=str(tmp_path))
    saved = of(Saved, collect(config, scores=scores, goal=goal, artefacts=artefacts))
    assert [event.step for event in saved if event.label == "last"] == [10, 20, 30]
    assert [event.step for event in saved if event.label == "best"] == best_at
    assert [event.step for event in saved if event.label == "notes"] == best_at
    assert torch.load(tmp_path / "best.pt", weights_only=True)["step"] == best_at[-1]


def test_nothing_is_written_without_a_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert of(Saved, collect(TrainerConfig(epochs=1))) == []
    assert list(tmp_path.iterdir()) == []


def test_save_now_answers_with_the_file(tmp_path: Path) -> None:
    events, _ = make(TrainerConfig(epochs=1, out=str(tmp_path)), CpuDevice())
    next(events), next(events), next(events)
    assert events.send(Save()) == Saved(str(tmp_path / "last.pt"), 2, "last")
    assert torch.load(tmp_path / "last.pt", weights_only=True)["step"] == 2
    following = next(events)
    assert isinstance(following, Step)
    assert following.step == 3


def test_commands_in_a_row_are_all_obeyed(tmp_path: Path) -> None:
    events, _ = make(TrainerConfig(epochs=1, out=str(tmp_path)), CpuDevice())
    next(events)
    assert isinstance(events.send(Save()), Saved)
    assert isinstance(events.send(Save()), Saved)
    step = events.send(Set("lr", 0.5))
    assert isinstance(step, Step)
    assert step.metrics["first_lr"] == 0.5


def test_set_changes_the_rate_from_the_next_step() -> None:
    events, task = make(TrainerConfig(epochs=1), CpuDevice())
    next(events), next(events)
    step = events.send(Set("lr", 0.25))
    assert isinstance(step, Step)
    assert (step.metrics["lr"], step.metrics["last_lr"]) == (0.25, 0.01)
    assert task.optimizer.param_groups[0]["lr"] == 0.25


def test_a_cut_at_any_event_is_not_seen_in_what_follows(tmp_path: Path) -> None:
    """Also where batches cannot be skipped and evaluations draw numbers, and with the files of a new best."""

    def begin(folder: Path, **values: Any) -> Events:
        def artefacts(where: Path) -> dict[str, Path]:
            return {"notes": where / "notes.txt"}

        def loss(batch: Tensor) -> dict[str, Tensor]:
            noise = random.random() + float(np.random.rand()) + float(batch)
            return {"loss": (task.model(torch.full((2, 3), noise)) - 1).square().mean()}

        def evaluate() -> dict[str, float]:
            # A new best at the first evaluation and at the last.
            step = int(task.optimizer.state[next(task.model.parameters())]["step"])
            return {"score": -abs(step - 14) + float(torch.rand(()))}

        config = TrainerConfig(epochs=1.5, norms_every=4, out=str(folder), **values)
        events, task = make(config, CpuDevice(), artefacts=artefacts, loss=loss, evaluate=evaluate)
        return events

    def told(events: list[Event]) -> list[Any]:
        return [(type(event), event.step, untimed(event)) for event in events if isinstance(event, Step | Eval)]

    def kept(events: list[Event]) -> set[tuple[int, str]]:
        return {(event.step, event.label) for event in events if isinstance(event, Saved)}

    whole = list(begin(tmp_path / "whole"))
    assert [event.label for event in of(Saved, whole)] == ["best", "notes", "last"] * 2
    final = torch.load(tmp_path / "whole" / "last.pt", weights_only=True)["model"]
    for cut in range(1, len(whole) + 1):
        events = begin(tmp_path / "cut")
        before = [next(events) for _ in range(cut)]
        saved = events.send(Save())
        events.close()
        assert isinstance(saved, Saved)
        before.append(saved)
        rest = list(begin(tmp_path / "rest", resume=saved.path))
        assert told(before + rest) == told(whole), f"cut at {before[-2]}"
        assert kept(before + rest) - {(saved.step, "last")} == kept(whole) - {(saved.step, "last")}
        if rest[1:]:
            state = torch.load(tmp_path / "rest" / "last.pt", weights_only=True)["model"]
            assert all(torch.equal(state[name], final[name]) for name in final)


def test_a_finished_training_goes_on_with_more_epochs(tmp_path: Path) -> None:
    list(make(TrainerConfig(epochs=1.5, out=str(tmp_path)), CpuDevice())[0])
    events = collect(TrainerConfig(epochs=3, resume=str(tmp_path / "last.pt")))
    assert events[0] == Built({"lr": 0.01, "lr_scale": 1.0}, 30, ("first", "last"), step=15, parameters=4)
    assert [event.step for event in of(Step, events)] == list(range(16, 31))
    assert [event.step for event in of(Eval, events)] == [20, 30]


def test_checkpoints_of_something_else_are_refused(tmp_path: Path) -> None:
    list(make(TrainerConfig(epochs=0.2, out=str(tmp_path)), CpuDevice())[0])
    path = tmp_path / "last.pt"
    raw = path.read_bytes()

    def refusal(config: TrainerConfig, **task: Any) -> str:
        with pytest.raises(CheckpointError) as error:
            next(make(config, CpuDevice(), **task)[0])
        assert "\n" not in str(error.value)
        return str(error.value)

    class OtherConfig(TrainerConfig):
        pass

    again = TrainerConfig(resume=str(path))
    assert "was saved with lr = 0.01, not 0.02" in refusal(again, effective={"lr": 0.02})
    assert "was saved with data = '', not 'here'" in refusal(TrainerConfig(data="here", resume=str(path)))
    assert "was saved by trainers.contract.TrainerConfig, not by" in refusal(OtherConfig(resume=str(path)))
    assert "10 steps in an epoch, not 9" in refusal(again, batches=Shuffled(9, torch.Generator()))
    assert "does not fit this model" in refusal(again, model=nn.Linear(3, 1))
    path.write_bytes(raw.replace(b"step", b"stop"))
    assert "is damaged" in refusal(again)
    torch.save({"step": 1}, path)
    assert "is no checkpoint of a trainer" in refusal(again)
    torch.save({"step": print}, path)
    assert "is torn, or no checkpoint" in refusal(again), "code in a checkpoint is not opened"


def test_data_may_lie_elsewhere_when_they_are_the_same(tmp_path: Path) -> None:
    same = {"lr": 0.01, "data": "fingerprint"}
    list(make(TrainerConfig(epochs=0.1, data="here", out=str(tmp_path)), CpuDevice(), effective=same)[0])
    elsewhere = TrainerConfig(epochs=0.1, data="there", resume=str(tmp_path / "last.pt"))
    assert isinstance(next(make(elsewhere, CpuDevice(), effective=same)[0]), Built)
    with pytest.raises(CheckpointError, match="data = 'fingerprint', not 'other'"):
        next(make(elsewhere, CpuDevice(), effective=same | {"data": "other"})[0])


def test_closing_stops_at_once() -> None:
    device = LazyDevice()
    events, _ = make(TrainerConfig(epochs=100), device)
    next(events), next(events)
    events.close()
    assert device.steps == 1
    with pytest.raises(StopIteration):
        next(events)


def test_the_source_never_reads_single_values() -> None:
    folder = Path(loop.__file__).parent
    names = [
        "loop",
        "updating",
        "scaling",
        "accumulation",
        "optimizers",
        "grad_norms",
        "matching",
        "schedule",
        "models/image",
        "models/text",
        "models/matcher",
    ]
    names += ["toxicity", "losses/toxicity", "metrics/running", "models/encoder", "models/pooling", "models/toxicity"]
    for name in names:
        assert ".item()" not in (folder / f"{name}.py").read_text()


@pytest.mark.parametrize(("clip_norm", "moved"), [(0.0, 5.0), (10.0, 5.0), (1.0, 1.0)])
def test_gradients_are_clipped_by_their_norm_together_and_shown_as_they_were(clip_norm: float, moved: float) -> None:
    """g ← g · c / ‖g‖ where ‖g‖ > c (Pascanu et al. 2013): (3, 4) has the norm 5 and becomes (0.6, 0.8) for c = 1."""
    first, last = nn.Linear(1, 1, bias=False), nn.Linear(1, 1, bias=False)
    optimizer = torch.optim.SGD([{"params": first.parameters()}, {"params": last.parameters()}], lr=1.0)
    model = nn.ModuleList([first, last])
    before = [float(layer.weight.detach()) for layer in (first, last)]
    events, _ = make(
        TrainerConfig(epochs=0.1, norms_every=1),
        CpuDevice(),
        model=model,
        optimizer=optimizer,
        schedule=Schedule(optimizer, ("first", "last")),
        loss=lambda batch: {"loss": (3 * first.weight + 4 * last.weight).sum()},
        evaluate=lambda: {"score": 0.0},
        clip_norm=clip_norm,
    )
    (step,) = [event for event in events if isinstance(event, Step)]
    assert [norms.grad_max for norms in step.norms] == [3.0, 4.0]
    steps = [was - float(layer.weight.detach()) for was, layer in zip(before, (first, last), strict=True)]
    assert steps == pytest.approx([moved * 0.6, moved * 0.8], abs=1e-5)


def test_long_passes_are_saved_on_the_way(tmp_path: Path) -> None:
    events = list(make(TrainerConfig(epochs=1.5, out=str(tmp_path)), CpuDevice(), save_every=4)[0])
    assert [event.step for event in events if isinstance(event, Saved) and event.label == "last"] == [4, 8, 10, 12, 15]
