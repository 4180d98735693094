"""Trains a small net on one device, in a process of its own: `xla_member.py FOLDER DEVICE CHIPS`.

Leaves what was told, and how many graphs had been compiled then, as `FOLDER/DEVICE-CHIPS.json`.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from trainers import loop
from trainers.contract import Built, Eval, Event, Step, TrainerConfig
from trainers.data.batches import Batch, Column, Postings, to_device, training_loader
from trainers.devices.base import Device
from trainers.devices.select import select
from trainers.metrics.running import RunningScores
from trainers.prediction import predict
from trainers.preflight import go_the_whole_way
from trainers.schedule import Schedule
from trainers.seeding import seed_everything

ROWS, FEATURES, BATCH = 100, 6, 8
SIZES = (40, 13)  # rows of two evaluations, in batches of 16
EPOCHS = 2.5


def build(config: TrainerConfig, device: Device) -> loop.Task:
    """A net with a batch norm that tells two classes apart, at a rate that changes in every step.

    In front of the norm there is no bias: it would have no gradient but rounding, which Adam makes whole steps of.
    """
    order = seed_everything(config.seed, device)
    model = nn.Sequential(nn.Linear(FEATURES, 8, bias=False), nn.BatchNorm1d(8), nn.ReLU(), nn.Linear(8, 1))
    device.adopt(model)
    inputs = torch.randn(ROWS, FEATURES, generator=torch.Generator().manual_seed(7))
    labels = (inputs[:, :2].sum(1) > 0).float()
    batches = training_loader(
        Postings(np.arange(ROWS), {"x": Column(inputs), "label": Column(labels)}), BATCH, order, team=device.team
    )
    optimizer = torch.optim.AdamW(model.parameters(), lr=0.01, **device.optimizer_implementation)
    steps = loop.total_steps(config.epochs, len(batches))
    running = RunningScores()

    def loss(batch: Batch) -> dict[str, Tensor]:
        batch = to_device(batch, device)
        logits = model(batch["x"]).squeeze(1)
        running.add(torch.sigmoid(logits), batch["label"])
        return {"loss": nn.functional.binary_cross_entropy_with_logits(logits, batch["label"])}

    def tokens(rows: Sequence[int]) -> dict[str, Tensor]:
        return {"x": inputs[list(rows)]}

    def evaluate() -> dict[str, float]:
        looks = [predict(lambda batch: model(batch["x"]), np.arange(rows), tokens, device, 16) for rows in SIZES]
        return {"score": float(looks[0].mean()), "few": float(looks[1].mean())}

    task = loop.Task(
        model=model,
        optimizer=optimizer,
        groups=("all",),
        schedule=Schedule(optimizer, ("all",), "cosine", steps, warmup=0.1),
        batches=batches,
        order=order,
        loss=loss,
        evaluate=evaluate,
        main_metric="score",
        goal="maximize",
        effective={"batch_size": BATCH},
        running=running,
        clip_norm=1.0,
    )
    if config.out:
        go_the_whole_way(task, batches, device, {"evaluating": evaluate})
    return task


def follow(task: loop.Task, config: TrainerConfig, device: Device) -> list[dict[str, Any]]:
    told = []
    for event in loop.run(task, config, device):
        if isinstance(event, Step | Eval | Built):
            told.append(_told(event) | {"compiles": device.counters().get("compiles", 0.0)})
    return told


def _told(event: Event) -> dict[str, Any]:
    if isinstance(event, Built):
        return {"kind": "Built", "settings": dict(event.effective)}
    if isinstance(event, Step):
        values = {name: value for name, value in event.metrics.items() if not name.startswith(("wait", "compile"))}
        norms = [[row.grad_mean, row.update_ratio] for row in event.norms]
        return {"kind": "Step", "step": event.step, "values": values, "norms": norms}
    assert isinstance(event, Eval)
    return {"kind": "Eval", "step": event.step, "values": dict(event.metrics)}


def main(folder: Path, kind: str, chips: str) -> None:
    os.environ |= {"PJRT_DEVICE": "CPU", "CPU_NUM_DEVICES": chips}
    device = select(kind)
    device.setup(threads=1)
    own = folder / f"{kind}-{chips}"
    result: dict[str, Any] = {}
    for name, log_every in (("each", 1), ("third", 3)):
        config = TrainerConfig(epochs=EPOCHS, norms_every=2, log_every=log_every)
        result[name] = follow(build(config, device), config, device)
    config = TrainerConfig(epochs=2.0, out=str(own))
    whole = build(config, device)
    result["whole"] = follow(whole, config, device)
    config = TrainerConfig(epochs=EPOCHS, resume=str(own / "last.pt"))
    result["rest"] = follow(build(config, device), config, device)
    if device.lazy:
        result["seeds"] = [_there_and_back(device, seed) for seed in (7, 2**63 - 1, 2**63, 2**64 - 1)]
    (folder / f"{kind}-{chips}.json").write_text(json.dumps(result))


def _there_and_back(device: Device, seed: int) -> dict[str, Any]:
    """A state of XLA's generator, and what is left of it after having been a checkpoint's."""
    import torch_xla.core.xla_model as xla_model

    place = str(device.torch_device)
    xla_model.set_rng_state(seed, device=place)
    state = device.rng_state()
    xla_model.set_rng_state(1, device=place)
    device.set_rng_state(state)
    return {"seed": seed, "again": int(xla_model.get_rng_state(device=place))}


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2], sys.argv[3])
