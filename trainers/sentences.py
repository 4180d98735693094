"""Sentence vectors from which sentences share a paragraph: SGNN features, a Transformer, SimilarityBXENT.

Words are seen by their characters, so there is no vocabulary. Evaluations are on held-out paragraphs: how often a pair
of one paragraph is more similar than a pair of two (`pair_auc`, free of temperatures and thresholds), the loss, a probe
of ten pairs beside trivial answers, and a logistic regression on the vectors of labelled texts.
"""

from __future__ import annotations

import sys

import torch
from torch.optim import Adam

from trainers import loop
from trainers.accumulation import accumulated
from trainers.computing import computing_settings, on_device
from trainers.configs.sentences import TRAINER, SentencesConfig
from trainers.contract import Events, Scalar
from trainers.data.batches import to_device
from trainers.data.corpus import Corpus, load_texts, split_corpus
from trainers.data.labelled import Labelled, load_labelled
from trainers.data.loading import Loading
from trainers.data.paragraph_batches import ParagraphBatches
from trainers.data.word_batches import WordBatches
from trainers.data.word_features import WordFeatures
from trainers.devices.base import Device
from trainers.judge_sentences import SentenceJudge
from trainers.losses.similarity import SimilarityBXENT
from trainers.losses.vmf import VonMisesFisher
from trainers.models.sentence import SentenceEncoder
from trainers.models.sentence_network import SentenceNetwork
from trainers.optimizers import build_optimizer
from trainers.schedule import Schedule
from trainers.seeding import seed_everything

# Adam's settings in Vaswani et al. 2017, section 5.3.
BETAS, EPSILON = (0.9, 0.98), 1e-9


def train(config: SentencesConfig, device: Device) -> Events:
    """The recipe: what is built, and the shared loop over it."""
    yield from loop.run(build(config, device), config, device)


def build(config: SentencesConfig, device: Device) -> loop.Task:
    """Text, network, optimizer, and what the loop asks of them."""
    order = seed_everything(config.seed, device)
    corpus = split_corpus(load_texts(config.data), config.min_sentences, config.folds, config.fold, config.data)
    labelled = load_labelled(config.data, corpus, config.labelled_rows)
    words = WordBatches(WordFeatures(config.features, config.ngrams, config.projection_seed), config.words)
    loading = Loading.of(config, device)
    loader = ParagraphBatches(corpus.train, config.batch_size, order, words, device.team, loading)
    batches = accumulated(loader, config.accumulate)

    network = on_device(_network(config, words), config, device)
    parameters = network.parameter_groups()
    groups, by_module = tuple(parameters), [{"params": params} for params in parameters.values()]
    optimizer = build_optimizer(Adam, by_module, config, device, lr=config.peak, betas=BETAS, eps=EPSILON)
    steps, scale = loop.total_steps(config.epochs, len(batches)), config.rate_scale(device.team.size)
    schedule = Schedule(optimizer, groups, config.scheduler, steps, warmup_steps=config.warmup, scale=scale)
    judge = SentenceJudge(network, corpus.valid, labelled, words, config.batch_size, device, precision=config.precision)

    effective = _network_settings(network) | _word_settings(words) | _data_settings(corpus, labelled)
    effective |= _training_settings(optimizer, schedule, loader)
    effective |= computing_settings(network, optimizer, batches, config)
    return loop.Task(
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
        main_metric="pair_auc",
        goal=TRAINER.metrics["pair_auc"],
        effective=effective,
        split_groups=lambda: _split_groups(loader, corpus),
        trivial={"pair_auc": 0.5},
        precision=config.precision,
        clip_norm=config.clip_norm,
    )


def _network(config: SentencesConfig, words: WordBatches) -> SentenceNetwork:
    encoder = SentenceEncoder(
        features=words.features.features,
        scale=words.features.scale,
        length=words.length,
        width=config.width,
        layers=config.layers,
        heads=config.heads,
        feed_forward=config.feed_forward,
        embedding=config.embedding,
        encoders=config.encoders,
        skip=config.skip,
    )
    criterion: SimilarityBXENT | VonMisesFisher
    if config.criterion == "vmf":
        criterion = VonMisesFisher(config.concentration)
    else:
        criterion = SimilarityBXENT(config.temperature, config.bias)
    return SentenceNetwork(
        encoder, criterion, config.word_ratio, config.word_samples, config.word_fade, config.accumulate
    )


def _split_groups(loader: ParagraphBatches, corpus: Corpus) -> loop.SplitGroups:
    return loop.SplitGroups(
        train=[paragraph.sentences for paragraph in loader.paragraphs],
        valid=[paragraph.sentences for paragraph in corpus.valid],
        noun="paragraphs",
    )


def _network_settings(network: SentenceNetwork) -> dict[str, Scalar]:
    """What the network was really built with, read from its modules."""
    encoder = network.encoder
    return {
        **network.criterion.settings(),
        "word_ratio": network.word_ratio,
        "word_samples": network.word_samples if network.words is not None else None,
        "word_fade": network.word_fade if network.words is not None else None,
        "width": encoder.project.out_features,
        "encoders": len(encoder.encoders),
        **encoder.encoders[0].settings(),  # type: ignore[operator]
        "embedding": encoder.embed.out_features,
        "skip": encoder.skip is not None,
        "parameters": sum(param.numel() for param in network.parameters()),
    }


def _word_settings(words: WordBatches) -> dict[str, Scalar]:
    """How words are seen."""
    return {
        "ngrams": words.features.longest,
        "features": words.features.features,
        "projection_seed": words.features.seed,
        "words": words.length,
    }


def _training_settings(optimizer: Adam, schedule: Schedule, batches: ParagraphBatches) -> dict[str, Scalar]:
    """What training was really set up with."""
    return {
        "optimizer": type(optimizer).__name__,
        "lr": float(optimizer.param_groups[0]["lr"]),
        "scheduler": schedule.kind,
        "warmup": schedule.warmup_steps if schedule.kind == "noam" else None,
        **batches.settings(),
        "total_steps": schedule.total_steps,
        "seed": torch.initial_seed(),
    }


def _data_settings(corpus: Corpus, labelled: Labelled | None) -> dict[str, Scalar]:
    """What is learnt from and judged on."""
    return {
        "train_paragraphs": len(corpus.train),
        "valid_paragraphs": len(corpus.valid),
        "train_sentences": sum(len(paragraph.sentences) for paragraph in corpus.train),
        "valid_sentences": sum(len(paragraph.sentences) for paragraph in corpus.valid),
        "folds": corpus.folds,
        "fold": corpus.fold,
        "labelled_texts": 0 if labelled is None else len(labelled.texts),
        "data": corpus.fingerprint,
    }


if __name__ == "__main__":
    from trainers.alone import main

    sys.exit(main("sentences"))
