"""One of several processes that train together: `rank_member.py FOLDER SETTINGS`, with torchrun's variables set.

SETTINGS, a file, has for each name a trainer and its settings. What each training tells is written to FOLDER.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

from trainers import registry
from trainers.contract import Built, Eval, Event, Step
from trainers.devices.base import Device
from trainers.devices.cpu import CpuDevice


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


def train(trainer: str, settings: dict[str, Any], device: Device) -> dict[str, Any]:
    found = registry.find(trainer)
    config = registry.build_config(found, {"norms_every": 0, **settings})
    return told(list(registry.load_recipe(found)(config, device)))


def main(folder: Path, runs: dict[str, Any]) -> None:
    device = CpuDevice()
    device.setup(threads=1)
    result = {name: train(trainer, settings, device) for name, (trainer, settings) in runs.items()}
    (folder / f"rank{device.team.rank}.json").write_text(json.dumps(result))
    device.team.close()


if __name__ == "__main__":
    main(Path(sys.argv[1]), json.loads(Path(sys.argv[2]).read_text()))
