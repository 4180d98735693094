"""Product matching: photos and titles to embeddings in which postings of one product are neighbours.

Training tells the groups of the training folds apart, by a head over them, by pairs of postings, or by both. Validation
is on groups that were never trained on, unless `holdout` says otherwise. A classifier's loss means nothing for a group
it has no class for, so evaluations report retrieval (`row_f1`, `precision`, `recall` at the best `threshold`) and no
loss in either case.
"""

from __future__ import annotations

import sys
from dataclasses import replace

import numpy as np
import torch
from torch.optim import Adam, AdamW

from trainers import loop
from trainers.accumulation import accumulated
from trainers.computing import computing_settings, in_channels_last, is_channels_last, on_device
from trainers.configs.matching import TRAINER, MatchingConfig, check_fit
from trainers.contract import Events, Scalar
from trainers.courses import Plateau
from trainers.data.batches import (
    Column,
    Columns,
    Pictures,
    Postings,
    TrainingLoader,
    evaluation_loader,
    to_device,
    training_loader,
)
from trainers.data.cache import Cache
from trainers.data.changing_pictures import CentredPictures, ChangingPictures, TrainingPostings, picture_settings
from trainers.data.group_batches import GroupOrder
from trainers.data.kept_pictures import KIND
from trainers.data.loading import Loading
from trainers.data.matching import Split, load_products, load_test_products, split
from trainers.data.picture_augmentation import source_size
from trainers.data.products import Products
from trainers.data.texts import text_loader
from trainers.devices.base import Device
from trainers.metrics.trivial import trivial_row_f1
from trainers.models.build_matcher import build_network
from trainers.models.matcher import Matcher, MatchingNetwork
from trainers.optimizers import build_optimizer
from trainers.preflight import preflight, without_trace
from trainers.retrieval import Gallery, Retrieval, Scoring
from trainers.schedule import Schedule
from trainers.seeding import seed_everything
from trainers.settings.matching_data import check_data

# Rows per batch in evaluation, where nothing is kept for a backward pass.
EVALUATION_ROWS = 256


def train(config: MatchingConfig, device: Device) -> Events:
    """The recipe: what is built, and the shared loop over it."""
    yield from loop.run(build(config, device), config, device)


def build(config: MatchingConfig, device: Device) -> loop.Task:
    """Data, network, optimizer, and what the loop asks of them."""
    check_data(config)
    order = seed_everything(config.seed, device)
    products = load_products(config.data)
    parts = split(products, config)
    check_fit(config, parts)

    network = _network(parts, config, device)
    train_rows, valid_rows = _postings(products, parts, network.matcher, config)
    loader = _batches(train_rows, parts, order, config, device)
    batches = accumulated(loader, config.accumulate)
    optimizer, groups = _optimizer(network, config, device)
    schedule = _schedule(optimizer, groups, loop.total_steps(config.epochs, len(batches)), config, device)
    valid = Gallery(products.of(parts.valid), evaluation_loader(valid_rows, EVALUATION_ROWS))
    test = _test(parts, network.matcher, config)
    judge = Retrieval(network.matcher, valid, device, _scoring(config), test, precision=config.precision)

    effective = network.settings() | _training_settings(optimizer, groups, schedule, loader, parts)
    effective |= computing_settings(network, optimizer, batches, config) | {"channels_last": is_channels_last(network)}
    effective |= picture_settings(train_rows.images, config.pixels) | judge.settings()
    task = loop.Task(
        model=network,
        optimizer=optimizer,
        groups=groups,
        schedule=schedule,
        batches=batches,
        order=order,
        loss=lambda batch: network(to_device(batch, device)),
        evaluate=judge.evaluate,
        artefacts=judge.write,
        shares_work=True,
        main_metric="row_f1",
        goal=TRAINER.metrics["row_f1"],
        precision=config.precision,
        clip_norm=config.clip_norm,
        effective=effective | {"data": products.fingerprint},
        split_groups=lambda: _split_groups(products, train_rows, valid_rows, config),
        trivial=trivial_row_f1([products.label_groups[row] for row in parts.valid]),
    )
    return replace(task, rehearse=lambda: _rehearse(task, judge, config, device)) if judge.has_test else task


def _rehearse(task: loop.Task, judge: Retrieval, config: MatchingConfig, device: Device) -> None:
    """From photos to a submission: what would fail after hours fails now."""
    with without_trace(task.model, task.optimizer, task.order, device):
        preflight({"evaluating and writing a submission": lambda: judge.rehearse(config.out)})


def _network(parts: Split, config: MatchingConfig, device: Device) -> MatchingNetwork:
    network = build_network(config, parts.modalities, classes=len(np.unique(parts.groups[parts.train])))
    if config.channels_last:
        in_channels_last(network)
    return on_device(network, config, device)


def _postings(
    products: Products, parts: Split, matcher: Matcher, config: MatchingConfig
) -> tuple[TrainingPostings, Postings]:
    """The training and the validation rows. Labels are class numbers, and only training rows have them."""
    labels = torch.full((len(products),), -1)
    labels[parts.train] = torch.from_numpy(np.unique(parts.groups[parts.train], return_inverse=True)[1])
    columns: dict[str, Columns] = {"label": Column(labels)}
    seen, images = _seen(products, parts, matcher, config)
    columns |= {name: column for name, column in seen.items() if name != "image"}
    return TrainingPostings(parts.train, columns, images), Postings(parts.valid, seen)


def _seen(
    products: Products, parts: Split, matcher: Matcher, config: MatchingConfig
) -> tuple[dict[str, Columns], ChangingPictures | None]:
    """What an evaluation sees of all postings, and their pictures as training sees them."""
    columns: dict[str, Columns] = {}
    images = None
    if "image" in parts.modalities:
        cache = Cache.of(config.cache, KIND)
        pictures = Pictures(products.images, source_size(config.augment, config.pixels), cache=cache)
        columns["image"] = CentredPictures(pictures, config.pixels)
        images = ChangingPictures(pictures, config.image_sizes, config.progressive_every, config.augment, config.seed)
    if "text" in parts.modalities:
        columns["text"] = Column(matcher.encode_titles(products.titles, config.tokens))
    return columns, images


def _split_groups(
    products: Products, train: TrainingPostings, valid: Postings, config: MatchingConfig
) -> loop.SplitGroups:
    return loop.SplitGroups(
        train=[products.label_groups[row] for row in train.rows],
        valid=[products.label_groups[row] for row in valid.rows],
        apart=config.holdout not in ("rows", "mixed"),
    )


def _test(parts: Split, matcher: Matcher, config: MatchingConfig) -> Gallery | None:
    products = load_test_products(config.data)
    if products is None:
        return None
    columns, _ = _seen(products, parts, matcher, config)
    return Gallery(products, evaluation_loader(Postings(np.arange(len(products)), columns), EVALUATION_ROWS))


def _scoring(config: MatchingConfig) -> Scoring:
    return Scoring(config.distance, config.gallery_sizes, config.at_least, config.merged)


def _batches(
    rows: TrainingPostings, parts: Split, order: torch.Generator, config: MatchingConfig, device: Device
) -> TrainingLoader:
    """Shuffled rows, or shuffled pieces of groups for a loss of pairs."""
    loading = Loading.of(config, device)
    if config.pair_loss == "none":
        return training_loader(rows, config.batch_size, order, loading, device.team)
    groups = parts.groups[parts.train]
    by_group = GroupOrder(groups, config.group_rows, config.batch_size, order, device.team)
    return text_loader(rows, by_group, config.seed, loading)


def _optimizer(network: MatchingNetwork, config: MatchingConfig, device: Device) -> tuple[Adam, tuple[str, ...]]:
    """One parameter group per module, each with its rate, and the names of the groups."""
    groups = network.parameter_groups()
    rates = {name: config.own_rate(name) for name in groups}
    by_module = [
        {"params": params, "lr": config.lr if rates[name] is None else rates[name]} for name, params in groups.items()
    ]
    kind = AdamW if config.optimizer == "adamw" else Adam
    return build_optimizer(kind, by_module, config, device, weight_decay=config.weight_decay), tuple(groups)


def _schedule(optimizer: Adam, groups: tuple[str, ...], steps: int, config: MatchingConfig, device: Device) -> Schedule:
    plateau = Plateau(factor=config.plateau_factor, patience=config.plateau_patience, goal=TRAINER.metrics["row_f1"])
    return Schedule(
        optimizer,
        groups,
        kind=config.scheduler,
        total_steps=steps,
        own_rate=[name for name in groups if config.own_rate(name) is not None],
        plateau=plateau,
        warmup=config.warmup,
        scale=config.rate_scale(device.team.size),
    )


def _training_settings(
    optimizer: Adam, groups: tuple[str, ...], schedule: Schedule, batches: TrainingLoader, parts: Split
) -> dict[str, Scalar]:
    """What training was really set up with, read from optimizer, loader and a batch of it."""
    settings: dict[str, Scalar] = {
        f"{name}_lr": float(group["lr"]) for name, group in zip(groups, optimizer.param_groups, strict=True)
    }
    first = batches.dataset[0]
    if "text" in first:
        settings["tokens"] = int(first["text"].shape[-1])
    settings |= {
        "optimizer": type(optimizer).__name__,
        "weight_decay": float(optimizer.param_groups[0]["weight_decay"]),
        **schedule.settings(),
        **batches.settings(),
        "group_rows": getattr(batches.order, "group_rows", None),
        "total_steps": schedule.total_steps,
        "train_rows": len(parts.train),
        "valid_rows": len(parts.valid),
        "train_groups": len(np.unique(parts.groups[parts.train])),
        "valid_groups": len(np.unique(parts.groups[parts.valid])),
        "holdout": parts.holdout,
        "known_share": parts.known_share,
        "folds": parts.folds,
        "fold": parts.fold,
        "seed": torch.initial_seed(),
    }
    return settings


if __name__ == "__main__":
    from trainers.alone import main

    sys.exit(main("matching"))
