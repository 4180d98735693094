"""Child of `xla`: trains xnli on one device and evaluates two sets of pairs, one larger than the other.

`python -m tests.bench.xla_run FOLDER DEVICE CHIPS STEPS WAY` leaves losses, metrics, compiled graphs and times. Of XLA
the chips are parts of the processor. Dropout is off, since devices draw other numbers from the same seed.

A way is `plain`; `nudged` and a number, where weights begin one rounding step away, up or down by chance; or `double`,
in double precision.
"""

from __future__ import annotations

import os
import sys
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from trainers.configs.xnli import XnliConfig
from trainers.contract import Eval, Step
from trainers.devices.base import Device
from trainers.devices.select import select
from trainers.task import Task

from .child import leave_result

if TYPE_CHECKING:
    from torch import nn

PLAIN, NUDGED, DOUBLE = "plain", "nudged", "double"
PAIRS = 100  # of the smaller evaluation
ROWS = 16  # of a step
WARM_UP = 3  # steps


def main(folder: Path, kind: str, chips: str, steps: int, way: str) -> None:
    """The device comes first: torch_xla has to be imported before anything is computed."""
    os.environ |= {"PJRT_DEVICE": "CPU", "CPU_NUM_DEVICES": chips}
    device = select(kind)
    device.setup(threads=1)
    leave_result(folder, **_run(device, steps, way), **device.counters(), device=device.describe())


def _task(device: Device, config: XnliConfig, way: str) -> Task:
    """The trainer's own, without dropout, and with a second evaluation of the first pairs only."""
    from torch import nn

    from trainers import xnli
    from trainers.data.pairs import Pairs
    from trainers.data.xnli import load_xnli
    from trainers.pair_judging import PairJudge

    task = xnli.build(config, device)
    for module in task.model.modules():
        if isinstance(module, nn.Dropout):
            module.p = 0.0
    valid = load_xnli(config).valid
    columns = (valid.langs, valid.premises, valid.hypotheses, valid.labels)
    few = PairJudge(task.model, Pairs(*(column[:PAIRS] for column in columns)), device)  # type: ignore[arg-type]
    if way.startswith(NUDGED):
        _nudge(task.model, int(way.removeprefix(NUDGED)))
    whole = replace(task, evaluate=lambda: {**task.evaluate(), "loss_of_few": few.evaluate()["loss"]})
    return _in_double_precision(whole, device) if way == DOUBLE else whole


def _nudge(model: nn.Module, seed: int) -> None:
    import torch

    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for weight in model.parameters():
            up = torch.rand(weight.shape, generator=generator) < 0.5
            weight.copy_(torch.nextafter(weight, torch.where(up, torch.inf, -torch.inf)))


def _in_double_precision(task: Task, device: Device) -> Task:
    """The trainer's own loss takes its logits in single precision."""
    from torch.nn import functional as F

    from trainers.data.batches import Batch, to_device

    def loss(batch: Batch) -> dict[str, Any]:
        batch = to_device(batch, device)
        return {"loss": F.cross_entropy(task.model(batch), batch["label"])}

    task.model.double()
    return replace(task, loss=loss)


def _run(device: Device, steps: int, way: str) -> dict[str, Any]:
    from trainers import loop
    from trainers.data.xnli import load_xnli

    config = XnliConfig(batch_size=ROWS)
    # Not from a task that is built for it and thrown away: what is left of one is part of the first graph.
    config = replace(config, epochs=steps / (len(load_xnli(config).train) // ROWS))
    task = _task(device, config, way)
    losses, compiles, times = [], [], {}
    evaluations, evaluated_at = [], []
    for event in loop.run(task, config, device):
        if isinstance(event, Step):
            losses.append(event.metrics["loss"])
            compiles.append(event.metrics.get("compiles", 0.0))
            times[event.step] = event.time
        elif isinstance(event, Eval):
            evaluated_at.append(event.step)
            evaluations.append({name: event.metrics[name] for name in ("loss", "loss_of_few")})
    first_pass = min(len(task.batches), steps)
    return {
        "losses": losses,
        "compiles_by_step": compiles,
        "evaluations": evaluations,
        "evaluated_at": evaluated_at,
        "step_seconds": (times[first_pass] - times[WARM_UP]) / (first_pass - WARM_UP),
    }


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2], sys.argv[3], int(sys.argv[4]), sys.argv[5])
