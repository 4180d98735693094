"""One of several processes that train together: `rank_member.py FOLDER SETTINGS`, with torchrun's variables set.

SETTINGS, a file, has for each name a trainer and its settings. What each training tells is written to FOLDER, the
state that it came to as NAME.pt, and to NAME-RANK the files of an evaluation of it.
"""

from __future__ import annotations

import importlib
import json
import os
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from trainers import alone, loop, registry
from trainers.contract import Built, Eval, Event, Step, TrainerConfig
from trainers.devices.base import Device
from trainers.devices.cpu import CpuDevice
from trainers.task import Task


def told(events: list[Event]) -> dict[str, Any]:
    """Everything but the clock."""
    steps = [dict(event.metrics) for event in events if isinstance(event, Step)]
    for metrics in steps:
        metrics.pop("wait")
    return {
        "effective": dict(next(event for event in events if isinstance(event, Built)).effective),
        "steps": steps,
        "evals": [dict(event.metrics) for event in events if isinstance(event, Eval)],
    }


def build(trainer: str, settings: Mapping[str, Any], device: Device) -> tuple[Task, TrainerConfig]:
    """A task that draws no numbers in its steps: of several processes each has dropout of its own."""
    config = registry.build_config(registry.find(trainer), {"norms_every": 0, **settings})
    task: Task = importlib.import_module(f"trainers.{trainer}").build(config, device)
    for module in task.model.modules():
        if isinstance(module, nn.Dropout):
            module.p = 0.0
        if hasattr(module, "dropout_prob"):
            module.dropout_prob = 0.0
    return task, config


def train(trainer: str, settings: Mapping[str, Any], device: Device) -> dict[str, Any]:
    return train_and_keep(trainer, settings, device)[0]


def train_and_keep(trainer: str, settings: Mapping[str, Any], device: Device) -> tuple[dict[str, Any], Task]:
    task, config = build(trainer, settings, device)
    return told(list(loop.run(task, config, device))), task


def judged(task: Task, folder: Path) -> dict[str, Any]:
    """What is said of the model as it is, and the names of the files that it says to have written."""
    task.model.eval()
    folder.mkdir()
    metrics = dict(task.evaluate())
    return {"metrics": metrics, "written": {label: path.name for label, path in task.artefacts(folder).items()}}


def main(folder: Path, runs: dict[str, Any]) -> None:
    device = CpuDevice()
    device.setup(threads=1)
    rank, result = device.team.rank, {}
    for name, (trainer, settings) in runs.items():
        result[name], task = train_and_keep(trainer, settings, device)
        result[name]["judged"] = judged(task, folder / f"{name}-{rank}")
        if rank == 0:
            torch.save(task.model.state_dict(), folder / f"{name}.pt")
    (folder / f"rank{rank}.json").write_text(json.dumps(result))
    device.team.close()


def break_one(options: list[str]) -> int:
    """A trainer by itself whose second process fails in its first step."""
    forward = nn.Embedding.forward

    def fail(module: nn.Embedding, inputs: Tensor) -> Tensor:
        if os.environ["RANK"] == "1":
            raise ZeroDivisionError("rank 1 has trouble of its own")
        return forward(module, inputs)

    nn.Embedding.forward = fail  # type: ignore[method-assign]
    return alone.main("xnli", options)


if __name__ == "__main__":
    if sys.argv[1] == "--broken":
        sys.exit(break_one(sys.argv[2:]))
    main(Path(sys.argv[1]), json.loads(Path(sys.argv[2]).read_text()))
