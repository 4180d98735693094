"""Sounds in clips, of many classes at once: log-mel spectrograms seen as pictures, and one logit for each class.

Training may mix clips and use a loss of several kinds; validation is on unmixed curated clips with plain
cross-entropy, so that it means the same in every trial. At every new best evaluation the test clips are predicted in
full length, and the weights are written alone. All of this is gone through once before training.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

import torch
from torch import Tensor
from torch.nn import functional as F
from torch.optim import AdamW

from trainers import loop
from trainers.accumulation import accumulated
from trainers.audio_judging import AudioEvaluation, AudioJudge
from trainers.computing import computing_settings, in_channels_last, is_channels_last, on_device
from trainers.configs.audio import TRAINER, AudioConfig
from trainers.contract import Events, Scalar
from trainers.data.audio import Audio, load_audio
from trainers.data.batches import Batch, TrainingLoader, to_device
from trainers.data.cache import Cache
from trainers.data.clip_batches import ClipBatches, ClipOrder, class_balance, clip_loader
from trainers.data.clips import Clips
from trainers.data.loading import Loading
from trainers.data.log_mel import LogMel
from trainers.data.mel import check_settings
from trainers.data.mixup import draw_mixture, mixup
from trainers.data.spectrogram_cache import KIND, SpectrogramCache
from trainers.data.spectrograms import MEMORY_BYTES, Normalisation, Spectrograms, Windows
from trainers.devices.base import Device
from trainers.export import FILE as WEIGHTS
from trainers.export import LABEL as WEIGHTS_LABEL
from trainers.export import write_weights
from trainers.losses.multilabel import MultiLabelLoss
from trainers.metrics.trivial import trivial_lwlrap
from trainers.models.audio import AudioNetwork
from trainers.optimizers import build_optimizer
from trainers.parameter_groups import decay_groups
from trainers.preflight import go_the_whole_way
from trainers.schedule import Schedule
from trainers.seeding import seed_everything
from trainers.submission import Form
from trainers.submitting import NoSubmission, Submitter

# Clips that the pre-flight validates and predicts.
HANDFUL = 4


def train(config: AudioConfig, device: Device) -> Events:
    """The recipe: what is built, and the shared loop over it."""
    yield from loop.run(build(config, device), config, device)


def build(config: AudioConfig, device: Device) -> loop.Task:
    """Data, network, optimizer, and what the loop asks of them: the whole way once in small, steps, evaluations."""
    order = seed_everything(config.seed, device)
    found = load_audio(config)
    hearing = Hearing(config)

    network = _network(found, config, device)
    criterion = MultiLabelLoss(config.loss)
    loader = _batches(found, hearing, order, config, device)
    batches = accumulated(loader, config.accumulate)
    parameters, groups = decay_groups(network, config.weight_decay)
    optimizer = build_optimizer(AdamW, parameters, config, device, lr=config.lr)
    schedule = _schedule(optimizer, groups, loop.total_steps(config.epochs, len(batches)), config, device)
    evaluation = _evaluation(found, network, hearing, config, device)
    submitter = _submitter(found, network, hearing, config, device)

    effective = network.settings() | criterion.settings() | hearing.effective() | _data_settings(found, config, device)
    effective |= _training_settings(optimizer, groups, schedule, loader, config)
    effective |= computing_settings(network, optimizer, batches, config) | {"channels_last": is_channels_last(network)}
    task = loop.Task(
        model=network,
        optimizer=optimizer,
        groups=groups,
        schedule=schedule,
        batches=batches,
        order=order,
        loss=_loss(network, criterion, config, device),
        evaluate=evaluation.evaluate,
        main_metric="lwlrap",
        goal=TRAINER.metrics["lwlrap"],
        effective=effective,
        artefacts=lambda folder: _write(folder, network, evaluation, submitter, device),
        shares_work=True,
        precision=config.precision,
        clip_norm=config.clip_norm,
        split_groups=lambda: loop.SplitGroups(found.train.ids, found.valid.ids, noun="clips"),
        trivial={"lwlrap": trivial_lwlrap(found.train.labels, found.valid.labels)},
    )
    return replace(task, rehearse=lambda: _rehearse(task, evaluation, submitter, loader, config, device))


class Hearing:
    """How clips become spectrograms and windows of them, the same for all sets of clips."""

    def __init__(self, config: AudioConfig) -> None:
        settings = check_settings(config)
        cache = Cache.of(config.cache, KIND) if config.data else Cache(None)
        fixed = config.normalise == "fixed"
        self.frames = settings.frames(round(config.seconds * settings.rate))
        self._log_mel = LogMel(settings)
        self._cache = SpectrogramCache(cache, settings)
        self._normalisation = Normalisation(config.centre, config.spread) if fixed else Normalisation()
        # Worker processes would each keep their own; what is in the cache they share.
        self._memory = 0 if config.num_workers and cache.is_on else MEMORY_BYTES

    def __call__(self, clips: Clips) -> Windows:
        spectrograms = Spectrograms(clips.sounds, self._log_mel, self._cache, self._memory)
        return Windows(spectrograms, self.frames, self._normalisation)

    def effective(self) -> dict[str, Scalar]:
        """What spectrograms are really made with."""
        settings = self._log_mel.settings
        return {
            "rate": settings.rate,
            "n_fft": settings.n_fft,
            "hop": settings.hop,
            "mels": settings.mels,
            "db_low": settings.db_low,
            "db_high": settings.db_high,
            "frames": self.frames,
            "centre": self._normalisation.centre,
            "spread": self._normalisation.spread,
        }


def _loss(
    network: AudioNetwork, criterion: MultiLabelLoss, config: AudioConfig, device: Device
) -> Callable[[Batch], dict[str, Tensor]]:
    """What is trained with, and plain cross-entropy: losses of different kinds cannot be compared, and this one can."""

    def loss(batch: Batch) -> dict[str, Tensor]:
        batch = to_device(batch, device)
        features, targets = batch["features"], batch["labels"]
        if config.mixup > 0:
            share, others = (drawn.to(device.torch_device) for drawn in draw_mixture(len(features), config.mixup))
            features, targets = mixup(features, targets, share, others)
        logits = network(features).float()
        plain = F.binary_cross_entropy_with_logits(logits.detach(), targets)
        return {"loss": criterion(logits, targets), "cross_entropy": plain}

    return loss


def _write(
    folder: Path, network: AudioNetwork, evaluation: AudioEvaluation, submitter: NoSubmission, device: Device
) -> Mapping[str, Path]:
    """The files of a new best evaluation. All processes have a part in it, and the first alone writes."""
    written = {**evaluation.artefacts(folder), **submitter.of_best(folder), WEIGHTS_LABEL: folder / WEIGHTS}
    if device.team.rank == 0:
        write_weights(folder / WEIGHTS, network)
    return written


def _rehearse(
    task: loop.Task,
    evaluation: AudioEvaluation,
    submitter: NoSubmission,
    batches: TrainingLoader,
    config: AudioConfig,
    device: Device,
) -> None:
    """From sounds to a submission on a handful of clips: what would fail after hours fails now."""

    def write_files() -> None:
        folder = Path(config.out) if config.out else None
        if folder:
            folder.mkdir(parents=True, exist_ok=True)
        with TemporaryDirectory(prefix=".preflight-", dir=folder) as place:
            evaluation.artefacts(Path(place))
            write_weights(Path(place) / WEIGHTS, task.model)

    stages = {
        "validation": lambda: evaluation.evaluate(HANDFUL),
        "writing predictions and weights": write_files,
        "writing a submission": lambda: submitter.rehearse(config.out, HANDFUL),
    }
    go_the_whole_way(task, batches, device, stages)


def _network(found: Audio, config: AudioConfig, device: Device) -> AudioNetwork:
    network = AudioNetwork(config.model, config.head, len(found.classes))
    if config.channels_last:
        in_channels_last(network)
    return on_device(network, config, device)


def _batches(
    found: Audio, hearing: Hearing, order: torch.Generator, config: AudioConfig, device: Device
) -> TrainingLoader:
    labels = found.train.labels
    weights = class_balance(labels) if config.sampler == "balanced" else None
    places = ClipOrder(len(found.train), config.batch_size, order, device.team, weights)
    clips = ClipBatches(hearing(found.train), labels)
    return clip_loader(clips, places, config.seed, Loading.of(config, device))


def _schedule(optimizer: AdamW, groups: tuple[str, ...], steps: int, config: AudioConfig, device: Device) -> Schedule:
    warmup = config.warmup if config.scheduler == "linear" else 0.0
    scale = config.rate_scale(device.team.size)
    return Schedule(optimizer, groups, config.scheduler, steps, warmup=warmup, scale=scale)


def _evaluation(
    found: Audio, network: AudioNetwork, hearing: Hearing, config: AudioConfig, device: Device
) -> AudioEvaluation:
    def judge(clips: Clips) -> AudioJudge:
        return AudioJudge(network, clips, hearing(clips), device, config.full_length, precision=config.precision)

    noisy = judge(found.noisy_valid) if found.noisy_valid is not None else None
    return AudioEvaluation(judge(found.valid), noisy, found.classes, device)


def _submitter(
    found: Audio, network: AudioNetwork, hearing: Hearing, config: AudioConfig, device: Device
) -> NoSubmission:
    if found.test is None:
        return NoSubmission()
    judge = AudioJudge(network, found.test, hearing(found.test), device, full_length=True, precision=config.precision)
    columns = [found.classes.index(name) for name in found.columns]
    return Submitter(
        partial(judge.probabilities, columns), Form("fname", found.test.ids, found.columns), {}, device.team
    )


def _training_settings(
    optimizer: AdamW, groups: tuple[str, ...], schedule: Schedule, batches: TrainingLoader, config: AudioConfig
) -> dict[str, Scalar]:
    """What training was really set up with, read from optimizer, course and loader."""
    decays = dict(zip(groups, (float(group["weight_decay"]) for group in optimizer.param_groups), strict=True))
    warmup: dict[str, Scalar] = {"warmup": schedule.warmup} if schedule.kind == "linear" else {}
    order = batches.order
    return warmup | {
        "optimizer": type(optimizer).__name__,
        "lr": schedule.base_rates[groups[0]],
        "weight_decay": decays["decay"],
        "scheduler": schedule.kind,
        "mixup": config.mixup,
        "sampler": "balanced" if isinstance(order, ClipOrder) and order.is_balanced else "none",
        **batches.settings(),
        "total_steps": schedule.total_steps,
        "seed": torch.initial_seed(),
    }


def _data_settings(found: Audio, config: AudioConfig, device: Device) -> dict[str, Scalar]:
    """Which clips there are and how they are heard, and which classes a part of them lacks."""
    padded: dict[str, Scalar] = {"full_length_in": "whole windows"} if device.lazy else {}
    return padded | {
        "classes": len(found.classes),
        "train_rows": len(found.train),
        "noisy_rows": found.noisy_rows,
        "valid_rows": len(found.valid),
        "noisy_valid_rows": len(found.noisy_valid) if found.noisy_valid else 0,
        "test_rows": len(found.test) if found.test else 0,
        "full_length": config.full_length,
        "never_trained": ",".join(found.lacking(found.train)),
        "never_validated": ",".join(found.lacking(found.valid)),
        "folds": config.folds,
        "fold": config.fold,
        "data": found.fingerprint,
    }


if __name__ == "__main__":
    from trainers.alone import main

    sys.exit(main("audio"))
