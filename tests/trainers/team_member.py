"""One of two processes that train a small net together: `team_member.py FOLDER PORT`, with torchrun's variables set."""

from __future__ import annotations

import contextlib
import copy
import io
import json
import os
import shutil
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn.parallel import DistributedDataParallel

from trainers import alone, loop
from trainers.contract import Eval, Event, Events, Save, Saved, Set, Step, TrainerConfig
from trainers.data.batches import Batch, Column, Postings, training_loader
from trainers.devices.averaging import GradientMean
from trainers.devices.base import Device
from trainers.devices.cpu import CpuDevice
from trainers.devices.group import Group
from trainers.devices.team import Team
from trainers.schedule import Schedule
from trainers.seeding import seed_everything

EPOCHS = 2.5
CUT = 6
STEERED = {2: Set("lr", 0.02)}


def build(config: TrainerConfig, device: Device, team: Team, dropout: float = 0.0) -> loop.Task:
    """A regression on 18 rows of three numbers, in batches of two rows for each process."""
    order = seed_everything(config.seed, device)
    model = nn.Sequential(nn.Linear(3, 4), nn.Dropout(dropout), nn.Linear(4, 1))
    optimizer = torch.optim.AdamW(model.parameters(), lr=0.01)
    generator = torch.Generator().manual_seed(7)
    inputs = torch.randn(18, 3, generator=generator)
    rows = Postings(np.arange(18), {"x": Column(inputs)})

    def loss(batch: Batch) -> dict[str, Tensor]:
        return {"loss": (model(batch["x"]) - batch["x"].sum(1, keepdim=True)).square().mean()}

    def evaluate() -> dict[str, float]:
        assert device.team.rank == 0, "only the first process evaluates"
        with torch.no_grad():
            return {"score": -float(loss({"x": inputs})["loss"])}

    return loop.Task(
        model=model,
        optimizer=optimizer,
        groups=("all",),
        schedule=Schedule(optimizer, ("all",)),
        batches=training_loader(rows, 2, order, team=team),
        order=order,
        loss=loss,
        evaluate=evaluate,
        main_metric="score",
        goal="maximize",
        effective={"lr": 0.01},
    )


def weights(task: loop.Task) -> list[list[float]]:
    return [param.detach().reshape(-1).tolist() for param in task.model.parameters()]


def follow(events: Events, commands: dict[int, Save | Set]) -> list[Event]:
    """Runs to the end, giving each command in answer to the step of its number. Checkpoints asked for are copied."""
    seen: list[Event] = []
    answer: Save | Set | None = None
    with contextlib.suppress(StopIteration):
        while True:
            event = events.send(answer)  # type: ignore[arg-type]
            if isinstance(answer, Save):
                assert isinstance(event, Saved)
                shutil.copy(event.path, Path(event.path).with_name("cut.pt"))
            seen.append(event)
            answer = commands.get(event.step) if isinstance(event, Step) else None
    return seen


def told(events: list[Event]) -> list[Any]:
    """Everything but the clock."""
    return [
        [type(event).__name__, event.step, {name: value for name, value in event.metrics.items() if name != "wait"}]
        for event in events
        if isinstance(event, Step | Eval)
    ]


class SecondDevice(CpuDevice):
    """Of a process that has nothing to write."""

    def save(self, obj: Any, path: str | Path) -> None:
        raise AssertionError(f"{path} is not for the second process to write")


def run_alone() -> list[str]:
    """The lines that a trainer of its own prints in this process."""
    said = io.StringIO()
    options = "--epochs 0.05 --norms_every 0 --device cpu --threads 1"
    with contextlib.redirect_stdout(said):
        assert alone.main("matching", options.split()) == 0
    return said.getvalue().splitlines()


def main(folder: Path, second_port: str) -> None:
    said = run_alone()
    os.environ["MASTER_PORT"] = second_port
    # So that what is answered to a step comes right after it.
    CpuDevice.flush_seconds = 0.0
    device = SecondDevice() if os.environ["RANK"] != "0" else CpuDevice()
    device.setup(threads=1)
    rank = device.team.rank
    result: dict[str, Any] = {"said": said}

    def train(name: str, commands: dict[int, Save | Set], dropout: float, **values: str) -> None:
        config = TrainerConfig(epochs=EPOCHS, norms_every=3, **values)
        task = build(config, device, device.team, dropout)
        events = follow(loop.run(task, config, device), commands if rank == 0 else {})
        result[name] = {"told": told(events), "weights": weights(task), "draw": float(torch.rand(()))}

    train("plain", STEERED, 0.0)
    train("whole", STEERED, 0.4)
    train("cut", {**STEERED, CUT: Save()}, 0.4, out=str(folder))
    train("rest", {}, 0.4, resume=str(folder / "cut.pt"))
    assert isinstance(device.team, Group)
    result["averaged"] = average_in_all_ways(device.team)
    result["left after"] = leave_early(device)
    (folder / f"rank{rank}.json").write_text(json.dumps(result))
    device.team.close()


class Parts(nn.Module):
    """Four layers, of which a loss may use some."""

    def __init__(self) -> None:
        super().__init__()
        self.parts = nn.ModuleList(nn.Linear(5, 5) for _ in range(4))

    def forward(self, inputs: Tensor, *used: int) -> Tensor:
        for part in used:
            inputs = self.parts[part](inputs).tanh()
        return inputs.square().mean()


def gradients(model: nn.Module) -> list[list[float] | None]:
    """Those of the layers' weights."""
    weights = [param for param in model.parameters() if param.dim() == 2]
    return [None if weight.grad is None else weight.grad.reshape(-1).tolist() for weight in weights]


def average_in_all_ways(team: Group) -> dict[str, Any]:
    """Gradients by every way to come to their mean, and what is said of what does not go together."""
    torch.manual_seed(team.rank)
    first, second = torch.randn(2, 8, 5)
    torch.manual_seed(7)
    plain = Parts()
    found: dict[str, Any] = {}

    wrapped, own = copy.deepcopy(plain), copy.deepcopy(plain)
    parallel = DistributedDataParallel(wrapped)  # which averages as long as it is there
    parallel(first, 0, 1, 2, 3).backward()
    mean = GradientMean(own, bucket_bytes=200)
    own(first, 0, 1, 2, 3).backward()
    mean.finish()
    found["ddp"], found["own"] = gradients(wrapped), gradients(own)

    model = copy.deepcopy(plain)
    team.same_start(model)
    with team.alone():
        model(first, 0, 1).backward()
    model(second, 0, 1).backward()
    team.average(model)
    found["two passes"] = gradients(model)

    model = copy.deepcopy(plain)
    team.same_start(model)
    model(first, 0, 2 if team.rank else 1).backward()
    team.average(model)
    found["parts"] = gradients(model)

    model.zero_grad()
    found["said of two passes"] = refusal(lambda: [model(first, 0, 1, 2, 3).backward() for _ in range(2)])
    team.same_start(model)
    team.check_same(model)
    if team.rank:
        with torch.no_grad():
            model.parts[3].bias[0] += 1.0
    found["said of weights"] = refusal(lambda: team.check_same(model))
    return found


def refusal(work: Callable[[], object]) -> str:
    try:
        work()
    except RuntimeError as error:
        return str(error)
    return ""


def leave_early(device: Device) -> int:
    """How many steps this process makes of a long training that the first one ends after three."""
    config = TrainerConfig(epochs=100)
    events = loop.run(build(config, device, device.team), config, device)
    steps = 0
    for event in events:
        steps += isinstance(event, Step)
        if device.team.rank == 0 and steps == 3:
            events.close()
    return steps


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2])
