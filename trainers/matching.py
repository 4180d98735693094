"""Product matching: photos and titles to embeddings in which postings of one product are neighbours.

Training tells the groups of the training folds apart (ArcFace or AdaCos). Validation is on groups that were never
trained on, unless `holdout` is `rows`. A classifier's loss means nothing for a group it has no class for, so
evaluations report retrieval (`row_f1`, `precision`, `recall` at the best `threshold`) and no loss in either case.
"""

from __future__ import annotations

import sys

import numpy as np
import torch
from torch import Tensor, nn
from torch.optim import AdamW

from trainers import loop
from trainers.configs.matching import TRAINER, MatchingConfig
from trainers.contract import Events, Scalar
from trainers.data.batches import (
    Batch,
    Column,
    Pictures,
    Postings,
    TrainingLoader,
    evaluation_loader,
    to_device,
    training_loader,
)
from trainers.data.matching import Split, load_products, split
from trainers.data.products import Products
from trainers.devices.base import Device
from trainers.losses.adacos import AdaCos
from trainers.losses.arcface import ArcFace
from trainers.metrics.trivial import trivial_row_f1
from trainers.models.image import build_image_branch
from trainers.models.matcher import Matcher, MatchingNetwork
from trainers.models.text import build_text_branch
from trainers.retrieval import Retrieval
from trainers.schedule import Schedule
from trainers.seeding import seed_everything

# Rows per batch in evaluation, where nothing is kept for a backward pass.
EVALUATION_ROWS = 256


def train(config: MatchingConfig, device: Device) -> Events:
    """The recipe: what is built, and the shared loop over it."""
    yield from loop.run(build(config, device), config, device)


def build(config: MatchingConfig, device: Device) -> loop.Task:
    """Data, network, optimizer, and what the loop asks of them."""
    order = seed_everything(config.seed, device)
    products = load_products(config.data)
    parts = split(products, config)

    network = _network(parts, config).to(device.torch_device)
    train_rows, valid_rows = _postings(products, parts, network.matcher, config)
    pinned = device.kind == "cuda"
    batches = training_loader(train_rows, config.batch_size, order, config.num_workers, pinned, device.team)
    optimizer, groups = _optimizer(network, config)
    schedule = Schedule(
        optimizer,
        groups,
        kind=config.scheduler,
        total_steps=loop.total_steps(config.epochs, len(batches)),
        own_rate=[name for name in groups if _own_rate(config, name) is not None],
    )
    judge = Retrieval(
        network.matcher,
        evaluation_loader(valid_rows, EVALUATION_ROWS),
        [products.posting_ids[row] for row in parts.valid],
        [products.label_groups[row] for row in parts.valid],
        device,
    )

    def loss(batch: Batch) -> dict[str, Tensor]:
        return {"loss": network(to_device(batch, device)), **network.head.progress()}

    effective = _network_settings(network) | _training_settings(optimizer, groups, schedule, batches, parts)
    return loop.Task(
        model=network,
        optimizer=optimizer,
        groups=groups,
        schedule=schedule,
        batches=batches,
        order=order,
        loss=loss,
        evaluate=judge.evaluate,
        artefacts=judge.write,
        main_metric="row_f1",
        goal=TRAINER.metrics["row_f1"],
        effective=effective | {"data": products.fingerprint},
        split_groups=lambda: loop.SplitGroups(
            train=[products.label_groups[row] for row in train_rows.rows],
            valid=[products.label_groups[row] for row in valid_rows.rows],
            apart=config.holdout == "groups",
        ),
        trivial=trivial_row_f1([products.label_groups[row] for row in parts.valid]),
    )


def _network(parts: Split, config: MatchingConfig) -> MatchingNetwork:
    branches: dict[str, nn.Module] = {}
    if "image" in parts.modalities:
        branches["image"] = build_image_branch(config.image_model, config.pixels)
    if "text" in parts.modalities:
        branches["text"] = build_text_branch(config.text_model)
    classes = len(np.unique(parts.groups[parts.train]))
    head = (
        ArcFace(classes, config.embedding, config.s, config.m)
        if config.head == "arcface"
        else AdaCos(classes, config.embedding)
    )
    return MatchingNetwork(Matcher(branches, config.embedding, config.dropout), head)


def _postings(products: Products, parts: Split, matcher: Matcher, config: MatchingConfig) -> tuple[Postings, Postings]:
    """The training and the validation rows. Labels are class numbers, and only training rows have them."""
    columns: dict[str, Column | Pictures] = {}
    if "image" in parts.modalities:
        columns["image"] = Pictures(products.images, config.pixels)
    if "text" in parts.modalities:
        columns["text"] = Column(matcher.encode_titles(products.titles, config.tokens))
    labels = torch.full((len(products),), -1)
    labels[parts.train] = torch.from_numpy(np.unique(parts.groups[parts.train], return_inverse=True)[1])
    return Postings(parts.train, columns | {"label": Column(labels)}), Postings(parts.valid, columns)


def _optimizer(network: MatchingNetwork, config: MatchingConfig) -> tuple[AdamW, tuple[str, ...]]:
    """AdamW with one parameter group per module, and the names of the groups."""
    groups = network.parameter_groups()
    rates = {name: _own_rate(config, name) for name in groups}
    optimizer = AdamW(
        [
            {"params": params, "lr": config.lr if rates[name] is None else rates[name]}
            for name, params in groups.items()
        ],
        weight_decay=config.weight_decay,
    )
    return optimizer, tuple(groups)


def _own_rate(config: MatchingConfig, group: str) -> float | None:
    return {"image": config.image_lr, "text": config.text_lr, "head": config.head_lr}[group]


def _network_settings(network: MatchingNetwork) -> dict[str, Scalar]:
    """What the network was really built with, read from its modules."""
    matcher = network.matcher
    settings: dict[str, Scalar] = dict(network.head.settings())
    for name, branch in matcher.branches.items():
        settings[f"{name}_model"] = type(getattr(branch, "body", branch)).__name__
        settings[f"{name}_features"] = int(branch.features)  # type: ignore[arg-type]
    settings |= {
        "modalities": "+".join(matcher.branches),
        "embedding": matcher.fusion.out_features,
        "dropout": matcher.dropout.p,
        "parameters": sum(param.numel() for param in network.parameters()),
    }
    return settings


def _training_settings(
    optimizer: AdamW, groups: tuple[str, ...], schedule: Schedule, batches: TrainingLoader, parts: Split
) -> dict[str, Scalar]:
    """What training was really set up with, read from optimizer, loader and a batch of it."""
    settings: dict[str, Scalar] = {
        f"{name}_lr": float(group["lr"]) for name, group in zip(groups, optimizer.param_groups, strict=True)
    }
    first = batches.dataset[0]
    if "image" in first:
        settings["image_size"] = int(first["image"].shape[-1])
    if "text" in first:
        settings["tokens"] = int(first["text"].shape[-1])
    settings |= {
        "optimizer": type(optimizer).__name__,
        "weight_decay": float(optimizer.param_groups[0]["weight_decay"]),
        "scheduler": schedule.kind,
        "batch_size": batches.order.batch_size,
        "num_workers": batches.num_workers,
        "steps_per_epoch": len(batches),
        "total_steps": schedule.total_steps,
        "train_rows": len(parts.train),
        "valid_rows": len(parts.valid),
        "train_groups": len(np.unique(parts.groups[parts.train])),
        "valid_groups": len(np.unique(parts.groups[parts.valid])),
        "holdout": parts.holdout,
        "folds": parts.folds,
        "fold": parts.fold,
        "seed": torch.initial_seed(),
    }
    return settings


if __name__ == "__main__":
    from trainers.alone import main

    sys.exit(main("matching"))
