"""The same training in several loops: a bare one, ours, one with hooks as trackers have them, and two libraries."""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from functools import partial
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.utils import get_total_norm
from torch.optim import Adam

from cockpit.engine.recorder import Recorder
from cockpit.events.writer import EventWriter
from trainers import loop
from trainers.configs.torch_config import TorchConfig
from trainers.contract import Step
from trainers.schedule import Schedule

from .small_network import SmallNetwork
from .small_training import SmallTraining
from .turns import Turns, only

BINS = 64  # of a tracker's histogram


class Contenders:
    """Each method is one loop over the batches that `turns` hands out, and `training` is what all do at a step.

    Every loop computes a loss and two scores a step. All but the bare one also log them at every step.
    """

    def __init__(self, turns: Turns, folder: Path, training: SmallTraining, batch: dict[str, Tensor]) -> None:
        self.turns = turns
        self.folder = folder
        self.training = training
        self.batch = batch

    def loops(self) -> dict[str, Callable[[], None]]:
        """All of them, by name."""
        return {
            "bare": self.bare,
            "ours": lambda: self.ours(norms_every=1),
            "without_norms": lambda: self.ours(norms_every=0),
            "by_hand": self.by_hand,
            "hooks": self.hooks,
            "huggingface": self.huggingface,
            "lightning": self.lightning,
        }

    def bare(self) -> None:
        """A loop as short as one can write it, which logs nothing."""
        network, optimizer = self._made()
        for batch in self.turns.loader(self.batch):
            self.training.step(network, optimizer, batch)

    def by_hand(self) -> None:
        """What people write who want the numbers that ours records: each is fetched, and a line of JSON has them."""
        network, optimizer = self._made()
        groups = network.parameter_groups()
        with (self.folder / "by_hand.jsonl").open("w", buffering=1) as file:
            for batch in self.turns.loader(self.batch):
                before = {name: [each.detach().clone() for each in group] for name, group in groups.items()}
                found = self.training.step(network, optimizer, batch)
                line = {name: value.item() for name, value in found.items()}
                for name, group in groups.items():
                    line |= _norms_by_hand(name, group, before[name])
                file.write(json.dumps(line) + "\n")

    def hooks(self) -> None:
        """A hook on every parameter that fetches a histogram of its gradient, as `wandb.watch` has it."""
        network, optimizer = self.training.made()
        fetched: list[Any] = []
        for parameter in network.parameters():
            parameter.register_hook(lambda gradient: fetched.append(_histogram(gradient)))
        for batch in self.turns.loader(self.batch):
            found = self.training.step(network, optimizer, batch)
            fetched.append({name: value.item() for name, value in found.items()})
            fetched.clear()

    def ours(self, norms_every: int) -> None:
        """The loop of the trainers, with a record as in a trial, and norms of both groups at so many steps."""
        network, optimizer = self._made()
        groups = tuple(network.parameter_groups())
        task = loop.Task(
            model=network,
            optimizer=optimizer,
            groups=groups,
            schedule=Schedule(optimizer, groups),
            batches=self.turns.loader(self.batch),
            order=torch.Generator(),
            loss=lambda batch: self.training.losses(network, batch),
            evaluate=lambda: {"loss": math.nan},
            main_metric="loss",
            goal="minimize",
            effective={},
        )
        recorder = self._recorder()
        for event in loop.run(task, TorchConfig(epochs=1, norms_every=norms_every, log_every=1), self.training.device):
            if isinstance(event, Step):
                recorder.record(event)

    def huggingface(self) -> None:
        """The Trainer of transformers, which logs the loss of every step; without clipping, as the others."""
        from transformers import Trainer, TrainingArguments

        network, optimizer = self.training.made()
        arguments = TrainingArguments(
            output_dir=str(self.folder / "huggingface"),
            per_device_train_batch_size=1,
            max_steps=self.turns.steps,
            logging_steps=1,
            max_grad_norm=0.0,
            save_strategy="no",
            report_to=[],
            use_cpu=self.training.device.kind == "cpu",
            bf16=self.training.precision == "bf16",
            disable_tqdm=True,
            remove_unused_columns=False,
            dataloader_pin_memory=False,  # the batch lies on the device already
        )
        Trainer(
            model=network,
            args=arguments,
            train_dataset=self.turns.rows(self.batch),
            data_collator=only,
            optimizers=(optimizer, torch.optim.lr_scheduler.ConstantLR(optimizer, 1.0)),
        ).train()

    def lightning(self) -> None:
        """Lightning's Trainer, which logs loss and scores of every step into a table."""
        from lightning.pytorch import LightningModule, Trainer
        from lightning.pytorch.loggers import CSVLogger

        network, optimizer = self.training.made()

        class Module(LightningModule):  # type: ignore[misc]
            def __init__(self) -> None:
                super().__init__()
                self.network = network

            def training_step(self, batch: dict[str, Tensor], _: int) -> Tensor:
                found = self.network(**batch)
                self.log_dict(found)
                return found["loss"]  # type: ignore[no-any-return]

            def configure_optimizers(self) -> Adam:
                return optimizer

        Trainer(
            accelerator="cpu" if self.training.device.kind == "cpu" else "gpu",
            devices=1,
            max_epochs=1,
            precision="32-true" if self.training.precision == "fp32" else "bf16-mixed",
            logger=CSVLogger(self.folder / "lightning"),
            log_every_n_steps=1,
            enable_progress_bar=False,
            enable_checkpointing=False,
            enable_model_summary=False,
        ).fit(Module(), self.turns.loader(self.batch))

    def _made(self) -> tuple[SmallNetwork, Adam]:
        """A network and its optimizer, which bare steps are made with too, beside those of the loop."""
        network, optimizer = self.training.made()
        self.turns.bare_step = partial(self.training.step, network, optimizer)
        return network, optimizer

    def _recorder(self) -> Recorder:
        channel: Any = SimpleNamespace(pending=list, send=print)
        request: Any = SimpleNamespace(path=self.folder, trainer="small", config={}, checkpoint="")
        return Recorder(EventWriter(self.folder / "events.jsonl"), channel, request, seed=0)


@torch.no_grad()
def _norms_by_hand(name: str, group: list[nn.Parameter], before: list[Tensor]) -> dict[str, float]:
    gradients = [each.grad for each in group if each.grad is not None]
    changes = [each - old for each, old in zip(group, before, strict=True)]
    size = get_total_norm(before)
    return {
        f"{name}_parameters": size.item(),
        f"{name}_gradients": get_total_norm(gradients).item(),
        f"{name}_largest": max(each.norm().item() for each in gradients),
        f"{name}_update": (get_total_norm(changes) / size).item(),
    }


def _histogram(gradient: Tensor) -> tuple[list[float], float, float]:
    flat = gradient.detach().flatten().float()
    low, high = flat.min().item(), flat.max().item()
    return torch.histc(flat, BINS, low, high).tolist(), low, high
