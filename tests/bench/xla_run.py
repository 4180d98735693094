"""Child of `xla`: trains xnli or matching on one device; of xnli it evaluates two sets of pairs of different size.

`python -m tests.bench.xla_run FOLDER TRAINER DEVICE CHIPS STEPS WAY` leaves losses, compiled graphs and times. Of XLA
the chips are parts of the processor. Dropout is off, since devices draw other numbers from the same seed.

A way is `plain`; `nudged` and a number, where weights begin one rounding step away, up or down by chance; `double`, in
double precision; or `double_nudged` and a number, where the step is one of double precision.
"""

from __future__ import annotations

import os
import sys
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from trainers.configs.matching import MatchingConfig
from trainers.configs.xnli import XnliConfig
from trainers.contract import Eval, Step
from trainers.devices.base import Device
from trainers.devices.select import select
from trainers.task import Task

from .child import leave_result

if TYPE_CHECKING:
    from torch import nn

PLAIN, NUDGED, DOUBLE = "plain", "nudged", "double"
DOUBLE_NUDGED = f"{DOUBLE}_{NUDGED}"
XNLI, MATCHING = "xnli", "matching"
PAIRS = 100  # of the smaller evaluation
ROWS = 16  # of a step
WARM_UP = 3  # steps
EVALUATED = ("loss", "loss_of_few")
Config = XnliConfig | MatchingConfig


def main(folder: Path, trainer: str, kind: str, chips: str, steps: int, way: str) -> None:
    """The device comes first: torch_xla has to be imported before anything is computed."""
    os.environ |= {"PJRT_DEVICE": "CPU", "CPU_NUM_DEVICES": chips}
    device = select(kind)
    device.setup(threads=1)
    config = XnliConfig(batch_size=ROWS) if trainer == XNLI else MatchingConfig(batch_size=ROWS)
    leave_result(folder, **_run(device, config, steps, way), **device.counters(), device=device.describe())


def _task(device: Device, config: Config, way: str) -> Task:
    """The trainer's own, without dropout, as this way has it."""
    from torch import nn

    if way.startswith(DOUBLE):
        _take_double_for_single_precision()
    task = _xnli(device, config) if isinstance(config, XnliConfig) else _matching(device, config)
    for module in task.model.modules():
        if isinstance(module, nn.Dropout):
            module.p = 0.0
    if way.startswith(DOUBLE):
        task.model.double()
    if NUDGED in way:
        _nudge(task.model, int(way.rpartition(NUDGED)[2]))
    return task


def _xnli(device: Device, config: XnliConfig) -> Task:
    """With a second evaluation of the first pairs only."""
    from trainers import xnli
    from trainers.data.pairs import Pairs
    from trainers.data.xnli import load_xnli
    from trainers.pair_judging import PairJudge

    task = xnli.build(config, device)
    valid = load_xnli(config).valid
    columns = (valid.langs, valid.premises, valid.hypotheses, valid.labels)
    few = PairJudge(task.model, Pairs(*(column[:PAIRS] for column in columns)), device)  # type: ignore[arg-type]
    return replace(task, evaluate=lambda: {**task.evaluate(), "loss_of_few": few.evaluate()["loss"]})


def _matching(device: Device, config: MatchingConfig) -> Task:
    """Without evaluations, which tell of no loss here and do not count matches in double precision."""
    from trainers import matching

    task = matching.build(config, device)
    return replace(task, evaluate=lambda: {task.main_metric: 0.0})


def _nudge(model: nn.Module, seed: int) -> None:
    import torch

    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for weight in model.parameters():
            up = torch.rand(weight.shape, generator=generator) < 0.5
            weight.copy_(torch.nextafter(weight, torch.where(up, torch.inf, -torch.inf)))


def _take_double_for_single_precision() -> None:
    """What trainers and devices turn into single precision, logits and losses among it, is in double from now on."""
    import torch

    torch.Tensor.float = torch.Tensor.double  # type: ignore[method-assign]


def _train_rows(config: Config) -> int:
    """Not from a task that is built for it and thrown away: what is left of one is part of the first graph."""
    if isinstance(config, XnliConfig):
        from trainers.data.xnli import load_xnli

        return len(load_xnli(config).train)
    from trainers.data.matching import load_products, split

    return len(split(load_products(config.data), config).train)


def _run(device: Device, config: Config, steps: int, way: str) -> dict[str, Any]:
    from trainers import loop

    config = replace(config, epochs=steps / (_train_rows(config) // ROWS))
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
            evaluations.append({name: event.metrics[name] for name in EVALUATED if name in event.metrics})
    first_pass = min(len(task.batches), steps)
    return {
        "losses": losses,
        "compiles_by_step": compiles,
        "evaluations": evaluations,
        "evaluated_at": evaluated_at,
        "step_seconds": (times[first_pass] - times[WARM_UP]) / (first_pass - WARM_UP),
    }


if __name__ == "__main__":
    main(Path(sys.argv[1]), *sys.argv[2:5], int(sys.argv[5]), sys.argv[6])
