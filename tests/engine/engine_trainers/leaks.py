"""The matching trainer with a leak of one's choice, planted in the way in which it happens to people."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any
from unittest import mock

import numpy as np
import torch
from torch import Tensor, nn

from trainers import loop, matching
from trainers.configs.matching import MatchingConfig, check
from trainers.contract import Events, Trainer, option
from trainers.data.batches import Column, Pictures, Postings, evaluation_loader
from trainers.data.matching import Split, load_products, split
from trainers.devices.base import Device
from trainers.models.matcher import Matcher
from trainers.retrieval import Gallery, Retrieval, Scoring


@dataclass(frozen=True, kw_only=True)
class LeakConfig(MatchingConfig):
    leak: str = option("none", "what is wrong", choices=("none", "attention", "labels", "groups"))


def train(config: LeakConfig, device: Device) -> Events:
    yield from loop.run(build(config, device), config, device)


def build(config: LeakConfig, device: Device) -> loop.Task:
    with _groups_in_two_folds() if config.leak == "groups" else mock.patch.dict({}):
        task = matching.build(config, device)
    task = replace(task, effective={**task.effective, "leak": config.leak})
    matcher: Matcher = task.model.matcher  # type: ignore[assignment]
    if config.leak == "attention":
        across = AcrossTheBatch(config.embedding)
        task.model.add_module("across", across)
        task.optimizer.param_groups[-1]["params"] += across.parameters()
        _see_across(matcher, across)
    return _told_the_labels(task, matcher, config, device) if config.leak == "labels" else task


class AcrossTheBatch(nn.Module):
    """An encoder that takes the first dimension for the sequence, as it does unless told otherwise."""

    def __init__(self, embedding: int) -> None:
        super().__init__()
        self.encoder = nn.TransformerEncoderLayer(embedding, nhead=4, dim_feedforward=64, dropout=0.0)

    def forward(self, embeddings: Tensor) -> Tensor:
        attended: Tensor = self.encoder(embeddings.unsqueeze(1)).squeeze(1)
        return attended


def _see_across(matcher: Matcher, across: AcrossTheBatch) -> None:
    honest = matcher.outputs

    def outputs(batch: Mapping[str, Tensor]) -> dict[str, Tensor]:
        return {name: across(embeddings) for name, embeddings in honest(batch).items()}

    matcher.outputs = outputs  # type: ignore[method-assign]


class ToldTheLabels(nn.Module):
    """Embeddings with something of the true class in them."""

    def __init__(self, matcher: Matcher, classes: int) -> None:
        super().__init__()
        self.matcher = matcher
        self.codes = torch.randn(classes, 8, generator=torch.Generator().manual_seed(0))

    def outputs(self, batch: Mapping[str, Tensor]) -> dict[str, Tensor]:
        return {"fused": torch.cat([self.matcher(batch), self.codes[batch["label"]]], dim=1)}


def _told_the_labels(task: loop.Task, matcher: Matcher, config: LeakConfig, device: Device) -> loop.Task:
    products = load_products(config.data)
    parts = split(products, config)
    columns = {"image": Pictures(products.images, config.pixels), "label": Column(torch.from_numpy(parts.groups))}
    told: Any = ToldTheLabels(matcher, int(parts.groups.max()) + 1)
    valid = Gallery(products.of(parts.valid), evaluation_loader(Postings(parts.valid, columns), 64))
    judge = Retrieval(told, valid, device, Scoring())
    return replace(task, evaluate=judge.evaluate, artefacts=judge.write)


@contextmanager
def _groups_in_two_folds() -> Iterator[None]:
    """Rows that should all be validated on are dealt to both sides."""

    def deal(*arguments: Any) -> Split:
        parts = split(*arguments)
        moved, kept = parts.valid[:20:2], np.concatenate([parts.valid[1:20:2], parts.valid[20:]])
        return replace(parts, train=np.concatenate([parts.train, moved]), valid=kept)

    with mock.patch.object(matching, "split", deal):
        yield


TRAINER = Trainer(
    name="leaks",
    summary="matching that cheats",
    config=LeakConfig,
    metrics={"row_f1": "maximize", "precision": "maximize", "recall": "maximize"},
    recipe="engine_trainers.leaks:train",
    check=check,
)
