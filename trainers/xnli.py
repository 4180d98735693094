"""Whether one sentence follows from another, contradicts it, or neither, in any language.

An encoder reads both sentences at once, and a linear layer on the pooled first token has one logit for each of the
three answers: the way in which BERT was first tuned for XNLI (Devlin et al. 2019).
"""

from __future__ import annotations

import sys
from collections.abc import Callable

import torch
from torch import Tensor
from torch.nn import functional as F
from torch.optim import AdamW

from trainers import loop
from trainers.accumulation import accumulated
from trainers.computing import computing_settings, on_device
from trainers.configs.xnli import TRAINER, XnliConfig
from trainers.contract import Events, Scalar
from trainers.data.batches import Batch, Column, TrainingLoader, to_device
from trainers.data.cache import Cache
from trainers.data.loading import Loading
from trainers.data.pairs import LABELS
from trainers.data.texts import TextOrder, Texts, text_loader
from trainers.data.tokens import KIND, KeptTokens
from trainers.data.xnli import Xnli, load_xnli
from trainers.devices.base import Device
from trainers.metrics.trivial import trivial_accuracy
from trainers.models.encoder import build_encoder
from trainers.models.pair_classifier import PairClassifier
from trainers.optimizers import build_optimizer
from trainers.pair_judging import PairJudge
from trainers.parameter_groups import decay_groups
from trainers.schedule import Schedule
from trainers.seeding import seed_everything


def train(config: XnliConfig, device: Device) -> Events:
    """The recipe: what is built, and the shared loop over it."""
    yield from loop.run(build(config, device), config, device)


def build(config: XnliConfig, device: Device) -> loop.Task:
    """Data, network, optimizer, and what the loop asks of them."""
    order = seed_everything(config.seed, device)
    found = load_xnli(config)

    network = on_device(_network(found, config), config, device)
    loader = _batches(found, network, order, config, device)
    batches = accumulated(loader, config.accumulate)
    parameters, groups = decay_groups(network, config.weight_decay)
    optimizer = build_optimizer(AdamW, parameters, config, device, lr=config.rate, betas=(0.9, 0.999), eps=1e-6)
    schedule = _schedule(optimizer, groups, loop.total_steps(config.epochs, len(batches)), config, device)
    judge = PairJudge(network, found.valid, device, _cache(config), config.precision)

    effective = _network_settings(network) | _training_settings(optimizer, groups, schedule, loader)
    effective |= computing_settings(network, optimizer, batches, config) | _data_settings(found)
    return loop.Task(
        model=network,
        optimizer=optimizer,
        groups=groups,
        schedule=schedule,
        batches=batches,
        order=order,
        loss=_loss(network, device),
        evaluate=judge.evaluate,
        main_metric="accuracy",
        goal=TRAINER.metrics["accuracy"],
        effective=effective,
        artefacts=judge.artefacts,
        shares_work=True,
        precision=config.precision,
        clip_norm=config.clip_norm,
        save_every=config.save_every,
        split_groups=lambda: loop.SplitGroups(found.train.texts, found.valid.texts, apart=False, noun="pairs"),
        trivial={"accuracy": trivial_accuracy(found.valid.labels)},
    )


def _loss(network: PairClassifier, device: Device) -> Callable[[Batch], dict[str, Tensor]]:
    def loss(batch: Batch) -> dict[str, Tensor]:
        batch = to_device(batch, device)
        logits = network(batch).float()
        right = (logits.detach().argmax(1) == batch["label"]).float().mean()
        return {"loss": F.cross_entropy(logits, batch["label"]), "accuracy": right}

    return loss


def _network(found: Xnli, config: XnliConfig) -> PairClassifier:
    texts = [*found.train.premises, *found.train.hypotheses]
    encoder = build_encoder(config.model, texts, config.length, pooler=True, cache=_cache(config))
    return PairClassifier(encoder, len(LABELS), config.dropout)


def _cache(config: XnliConfig) -> Cache:
    """For tokens of pairs that are read from files."""
    return Cache.of(config.cache, KIND) if config.data else Cache(None)


def _batches(
    found: Xnli, network: PairClassifier, order: torch.Generator, config: XnliConfig, device: Device
) -> TrainingLoader:
    tokens = KeptTokens(network.encoder.tokens, found.train.premises, found.train.hypotheses, _cache(config))
    texts = Texts(found.train.rows, tokens, {"label": Column(torch.from_numpy(found.train.labels))})
    places = TextOrder(len(found.train), config.batch_size, order, device.team)
    return text_loader(texts, places, config.seed, Loading.of(config, device))


def _schedule(optimizer: AdamW, groups: tuple[str, ...], steps: int, config: XnliConfig, device: Device) -> Schedule:
    warmup = config.warmup if config.scheduler == "linear" else 0.0
    scale = config.rate_scale(device.team.size)
    return Schedule(optimizer, groups, config.scheduler, steps, warmup=warmup, scale=scale)


def _network_settings(network: PairClassifier) -> dict[str, Scalar]:
    """What the network was really built with, read from it."""
    return network.encoder.settings() | {
        "dropout": network.dropout.p,
        "parameters": sum(parameter.numel() for parameter in network.parameters()),
    }


def _training_settings(
    optimizer: AdamW, groups: tuple[str, ...], schedule: Schedule, batches: TrainingLoader
) -> dict[str, Scalar]:
    """What training was really set up with, read from optimizer, course and loader."""
    decays = dict(zip(groups, (float(group["weight_decay"]) for group in optimizer.param_groups), strict=True))
    warmup: dict[str, Scalar] = {"warmup": schedule.warmup} if schedule.kind == "linear" else {}
    return warmup | {
        "optimizer": type(optimizer).__name__,
        "lr": schedule.base_rates[groups[0]],
        "weight_decay": decays["decay"],
        "eps": float(optimizer.param_groups[0]["eps"]),
        "scheduler": schedule.kind,
        **batches.settings(),
        "total_steps": schedule.total_steps,
        "seed": torch.initial_seed(),
    }


def _data_settings(found: Xnli) -> dict[str, Scalar]:
    """Which pairs there are, and the tables they are from."""
    return {
        "train_from": found.train_from,
        "valid_from": found.valid_from,
        "train_rows": len(found.train),
        "valid_rows": len(found.valid),
        "train_languages": ",".join(found.train.languages),
        "languages": ",".join(found.valid.languages),
        "data": found.fingerprint,
    }


if __name__ == "__main__":
    from trainers.alone import main

    sys.exit(main("xnli"))
