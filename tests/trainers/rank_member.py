"""One of several processes that train together: `rank_member.py FOLDER SETTINGS`, with torchrun's variables set.

SETTINGS, a file, has for each name a trainer and its settings. What each training tells is written to FOLDER.
"""

from __future__ import annotations

import importlib
import json
import os
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

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
    task, config = build(trainer, settings, device)
    return told(list(loop.run(task, config, device)))


def main(folder: Path, runs: dict[str, Any]) -> None:
    device = CpuDevice()
    device.setup(threads=1)
    result = {name: train(trainer, settings, device) for name, (trainer, settings) in runs.items()}
    (folder / f"rank{device.team.rank}.json").write_text(json.dumps(result))
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
