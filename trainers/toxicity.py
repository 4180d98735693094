"""Toxic comments, in any language: an encoder whose token vectors are averaged and maximised, and a linear layer.

Training is on smoothed labels and, where rows have them, auxiliary ones; validation is on neither, so that its loss
means the same in every trial. After training the model may be tuned on the validation comments: numbers of that phase
are shown and never ranked. The test comments are predicted at every new best evaluation and after each pass of tuning;
what the best state says of the validation comments is kept, too.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import replace

import torch
from torch import Tensor
from torch.optim import AdamW

from trainers import loop
from trainers.accumulation import accumulated
from trainers.computing import computing_settings, on_device
from trainers.configs.toxicity import TRAINER, ToxicityConfig
from trainers.contract import Events, Scalar
from trainers.courses import Plateau
from trainers.data.augmentation import Augmenter
from trainers.data.augmented import AugmentedTexts
from trainers.data.batches import Batch, Column, Postings, TrainingLoader, to_device
from trainers.data.cache import Cache
from trainers.data.cleaning import clean, steps_named
from trainers.data.comments import Comments
from trainers.data.loading import Loading
from trainers.data.texts import TextOrder, Texts, text_loader
from trainers.data.tokens import KIND, KeptTokens
from trainers.data.toxicity import Toxicity, kinds, lines_for, load_toxicity
from trainers.devices.base import Device
from trainers.judging import Judge
from trainers.losses.toxicity import ToxicityLoss, floor, toxic_probability
from trainers.metrics.running import RunningScores
from trainers.metrics.trivial import trivial_accuracy
from trainers.models.encoder import build_encoder
from trainers.models.toxicity import ToxicityNetwork
from trainers.optimizers import build_optimizer
from trainers.parameter_groups import decay_groups
from trainers.preflight import go_the_whole_way
from trainers.schedule import Schedule
from trainers.seeding import seed_everything
from trainers.submission import Form
from trainers.submitting import NoSubmission, Submitter

# Rows that the pre-flight validates and predicts.
HANDFUL = 8


def train(config: ToxicityConfig, device: Device) -> Events:
    """The recipe: what is built, and the shared loop over it."""
    yield from loop.run(build(config, device), config, device)


def build(config: ToxicityConfig, device: Device) -> loop.Task:
    """Data, network, optimizer, and what the loop asks of them: the whole way once in small, steps, evaluations."""
    order = seed_everything(config.seed, device)
    found = load_toxicity(config)

    network = on_device(_network(found, config), config, device)
    loader = _training_batches(found, network, order, config, device)
    batches = accumulated(loader, config.accumulate)
    tuning = _tuning_batches(found, network, order, config, device)
    parameters, groups = decay_groups(network, config.weight_decay)
    optimizer = build_optimizer(AdamW, parameters, config, device, lr=config.rate)
    schedule = _schedule(optimizer, groups, _steps(config, batches, tuning), config, device)
    running, memory = RunningScores(), dict[str, object]()
    criterion = ToxicityLoss(config.smoothing, config.aux_weight)
    judge = Judge(network, found.valid, steps_named(config.clean), device, _cache(config), config.precision)
    submitter = _submitter(found, network, memory, config, device)

    effective = _network_settings(network, criterion, found) | _data_settings(found, config)
    effective |= _training_settings(optimizer, groups, schedule, loader, config)
    effective |= computing_settings(network, optimizer, batches, config)
    task = loop.Task(
        model=network,
        optimizer=optimizer,
        groups=groups,
        schedule=schedule,
        batches=batches,
        order=order,
        loss=_loss(network, criterion, running, device),
        evaluate=judge.evaluate,
        main_metric=config.monitor,
        goal=TRAINER.metrics[config.monitor],
        effective=effective,
        artefacts=lambda folder: {**submitter.of_best(folder), **judge.write(folder)},
        running=running,
        tuning=loop.Tuning(tuning, config.tune_epochs, submitter.of_pass) if tuning else None,
        memory=memory,
        shares_work=True,
        precision=config.precision,
        clip_norm=config.clip_norm,
        split_groups=lambda: loop.SplitGroups(found.train.texts, found.valid.texts, apart=False, noun="comments"),
        labels=("toxic", "auxiliary", "known"),
        trivial={"auc": 0.5, "mcc": 0.0, "accuracy": trivial_accuracy(found.valid.toxic)},
    )
    return replace(task, rehearse=lambda: _rehearse(task, judge, submitter, loader, config, device))


def _loss(
    network: ToxicityNetwork, criterion: ToxicityLoss, running: RunningScores, device: Device
) -> Callable[[Batch], dict[str, Tensor]]:
    """Losses by name; scores over the pass so far are told what the network says of each batch."""

    def loss(batch: Batch) -> dict[str, Tensor]:
        batch = to_device(batch, device)
        logits = network(batch).float()
        running.add(toxic_probability(logits), batch["toxic"])
        losses: dict[str, Tensor] = criterion(logits, batch["toxic"], batch["auxiliary"], batch["known"])
        return losses

    return loss


def _rehearse(
    task: loop.Task,
    judge: Judge,
    submitter: NoSubmission,
    batches: TrainingLoader,
    config: ToxicityConfig,
    device: Device,
) -> None:
    """From data to a submission on a handful of rows: what would fail after hours fails now."""
    stages = {
        "validation": lambda: judge.evaluate(HANDFUL),
        "writing a submission": lambda: submitter.rehearse(config.out, HANDFUL),
    }
    go_the_whole_way(task, batches, device, stages)


def _network(found: Toxicity, config: ToxicityConfig) -> ToxicityNetwork:
    steps = steps_named(config.clean)
    texts = [clean(text, steps) for text in found.train.texts]
    encoder = build_encoder(config.model, texts, config.length, cache=_cache(config))
    return ToxicityNetwork(encoder, config.dropout)


def _cache(config: ToxicityConfig) -> Cache:
    """For tokens of comments that are read from files."""
    return Cache.of(config.cache, KIND) if config.data else Cache(None)


def _training_batches(
    found: Toxicity, network: ToxicityNetwork, order: torch.Generator, config: ToxicityConfig, device: Device
) -> TrainingLoader:
    """The training comments, balanced, as they are or augmented."""
    tokens = network.encoder.tokens
    texts: Postings
    if config.augment == "none":
        texts = _labelled(found.train, network, config)
    else:
        lines = lines_for(found, config.supplement)
        steps = steps_named(config.clean)
        augmenter = Augmenter(config.augment, steps, lines, tokens.count, tokens.length, config.mix)
        texts = AugmentedTexts(found.train, augmenter, tokens)
    balanced = kinds(found.train, config.balance)
    places = TextOrder(len(found.train), config.batch_size, order, device.team, balanced)
    return text_loader(texts, places, config.seed, Loading.of(config, device))


def _tuning_batches(
    found: Toxicity, network: ToxicityNetwork, order: torch.Generator, config: ToxicityConfig, device: Device
) -> loop.Batches | None:
    """The validation comments, all of them, where there is tuning."""
    if config.tune_epochs == 0:
        return None
    places = TextOrder(len(found.valid), config.batch_size, order, device.team)
    loading = replace(Loading.of(config, device), workers=0)  # those of training are still there
    loader = text_loader(_labelled(found.valid, network, config), places, config.seed, loading)
    return accumulated(loader, config.accumulate)


def _labelled(comments: Comments, network: ToxicityNetwork, config: ToxicityConfig) -> Texts:
    steps = steps_named(config.clean)
    texts = [clean(text, steps) for text in comments.texts]
    tokens = KeptTokens(network.encoder.tokens, texts, cache=_cache(config))
    labels = {"toxic": comments.toxic, "auxiliary": comments.auxiliary, "known": comments.known}
    columns = {name: Column(torch.from_numpy(values)) for name, values in labels.items()}
    return Texts(comments.rows, tokens, columns)


def _submitter(
    found: Toxicity, network: ToxicityNetwork, memory: dict[str, object], config: ToxicityConfig, device: Device
) -> NoSubmission:
    if found.test is None:
        return NoSubmission()
    judge = Judge(network, found.test, steps_named(config.clean), device, _cache(config), config.precision)
    form = Form("id", found.test.ids, ("toxic",))
    return Submitter(judge.probabilities, form, memory, device.team)


def _steps(config: ToxicityConfig, batches: loop.Batches, tuning: loop.Batches | None) -> int:
    """The steps of both phases together: a course that ends with training would tune at a rate of nothing."""
    return loop.total_steps(config.epochs, len(batches)) + config.tune_epochs * len(tuning or ())


def _schedule(
    optimizer: AdamW, groups: tuple[str, ...], steps: int, config: ToxicityConfig, device: Device
) -> Schedule:
    plateau = Plateau(
        factor=config.plateau_factor,
        patience=config.plateau_patience,
        threshold=1e-4,
        min_lr=1e-8,
        eps=1e-8,
        goal=TRAINER.metrics[config.monitor],
    )
    scale = config.rate_scale(device.team.size)
    warmup = config.warmup if config.scheduler == "linear" else 0.0
    return Schedule(optimizer, groups, config.scheduler, steps, plateau=plateau, warmup=warmup, scale=scale)


def _network_settings(network: ToxicityNetwork, criterion: ToxicityLoss, found: Toxicity) -> dict[str, Scalar]:
    """What the network and its loss were really built with, read from them.

    Without auxiliary labels their weight is none, so that trials which differ in it alone are seen to be the same.
    """
    weight = criterion.aux_weight if found.train.known.any() else None
    return network.encoder.settings() | {
        "dropout": network.dropout.p,
        "smoothing": criterion.smoothing,
        "aux_weight": weight,
        "loss_floor": floor(criterion.smoothing, weight or 0.0),
        "parameters": sum(parameter.numel() for parameter in network.parameters()),
    }


def _training_settings(
    optimizer: AdamW, groups: tuple[str, ...], schedule: Schedule, batches: TrainingLoader, config: ToxicityConfig
) -> dict[str, Scalar]:
    """What training was really set up with, read from optimizer, course and loader."""
    course: dict[str, Scalar] = {"scheduler": schedule.kind}
    if schedule.kind == "linear":
        course["warmup"] = schedule.warmup
    if schedule.kind == "plateau":
        course |= {"plateau_factor": schedule.plateau.factor, "plateau_patience": schedule.plateau.patience}
    decays = dict(zip(groups, (float(group["weight_decay"]) for group in optimizer.param_groups), strict=True))
    return course | {
        "optimizer": type(optimizer).__name__,
        "lr": float(optimizer.param_groups[0]["lr"]),
        "weight_decay": decays["decay"],
        "monitor": config.monitor,
        **batches.settings(),
        "total_steps": schedule.total_steps,
        "tune_epochs": config.tune_epochs,
        "seed": torch.initial_seed(),
    }


def _data_settings(found: Toxicity, config: ToxicityConfig) -> dict[str, Scalar]:
    """Which comments there are, and what is done to them."""
    augmenting: dict[str, Scalar] = {"augment": config.augment}
    if config.augment != "none":
        augmenting |= {"mix": config.mix, "supplement": config.supplement}
    return augmenting | {
        "balance": config.balance,
        "clean": ",".join(steps_named(config.clean)) or "none",
        "train_rows": len(found.train),
        "valid_rows": len(found.valid),
        "test_rows": len(found.test) if found.test else 0,
        "languages": ",".join(found.train.languages),
        "data": found.fingerprint,
    }


if __name__ == "__main__":
    from trainers.alone import main

    sys.exit(main("toxicity"))
