"""Settings of the sentence trainer and the check of its data."""

from __future__ import annotations

import math
from dataclasses import dataclass

from trainers.configs.torch_config import TorchConfig
from trainers.contract import InputError, Trainer, option


@dataclass(frozen=True, kw_only=True)
class SentencesConfig(TorchConfig):
    """A small model on a small text. The original has width 512, 6 layers, 8 heads, feed_forward 2048, embedding 512,
    words 50, noam_factor 2, warmup 4000, and a Wikipedia."""

    data: str = option("", "folder with texts; empty means Python's own language reference")
    epochs: float = option(20.0, "passes over the training data; fractions work", low=0.0)
    min_sentences: int = option(2, "paragraphs of fewer sentences are left out", low=1, high=1_000)
    folds: int = option(10, "into how many parts paragraphs are dealt, in runs of neighbours", low=2, high=1_000)
    fold: int = option(0, "the part that is validated on, counted from 0", low=0, high=999)
    labelled_rows: int = option(
        1_000, "texts of labelled.csv that evaluations classify by their vectors; 0 leaves it out", low=0
    )
    ngrams: int = option(3, "characters of the longest n-grams that words are seen by", low=1, high=4)
    features: int = option(1120, "dimensions of a word's projection, T·d", low=16, high=65_536)
    projection_seed: int = option(42, "seed of the projection of n-grams", low=0)
    words: int = option(32, "words read of each sentence", low=1, high=256)
    width: int = option(128, "dimensions of the encoder's states", low=2, high=16_384)
    layers: int = option(1, "layers of an encoder", low=1, high=128)
    heads: int = option(4, "attention heads of a layer", low=1, high=256)
    feed_forward: int = option(256, "inner dimensions of a layer's feed-forward net", low=1, high=65_536)
    encoders: int = option(
        1, "encoders side by side, their states concatenated; 2 of 3 layers for 1 of 6", low=1, high=8
    )
    embedding: int = option(128, "dimensions of a sentence's vector", low=2, high=16_384)
    skip: bool = option(False, "add a weighted sum of the words, past the encoder; helps where there is little text")
    criterion: str = option(
        "similarity", "the loss: SimilarityBXENT, or von Mises-Fisher mixtures", choices=("similarity", "vmf")
    )
    temperature: float | None = option(
        None, "of the sigmoid that cosines go through; none takes (cos + 1)/2", low=1e-3, high=100.0
    )
    bias: float = option(0.0, "added to cos / temperature", low=-100.0, high=100.0)
    concentration: float = option(10.0, "κ of the von Mises-Fisher distributions", low=1e-3, high=10_000.0)
    word_ratio: float = option(0.0, "share of the loss that single words have", low=0.0, high=1.0)
    word_samples: int = option(2, "words of each sentence in that loss", low=1, high=64)
    word_fade: int = option(0, "steps over which word_ratio fades to 0; 0 keeps it", low=0)
    batch_size: int = option(192, "sentences per step and process", low=4, high=65_536)
    lr: float | None = option(
        None,
        "highest learning rate of Adam; none takes noam_factor / √(width · warmup)",
        low=0.0,
        high=10.0,
        steerable=True,
    )
    scheduler: str = option("noam", "course of the learning rate", choices=("noam", "none", "cosine", "plateau"))
    noam_factor: float = option(0.25, "factor of Noam's formula", low=0.0, high=1_000.0)
    warmup: int = option(60, "steps until the learning rate is highest", low=1, high=10_000_000)
    prefetch: int = option(4, "batches made ahead in a thread; 0 makes each when it is needed", low=0, high=1_024)

    @property
    def peak(self) -> float:
        """The highest learning rate."""
        return self.noam_factor / math.sqrt(self.width * self.warmup) if self.lr is None else self.lr

    def ineffective(self) -> dict[str, str]:
        """What the loss and the given rate leave without effect."""
        reasons: dict[str, str] = {}
        if self.criterion == "vmf":
            reasons |= dict.fromkeys(("temperature", "bias"), "the vmf loss has none")
        else:
            reasons["concentration"] = "the similarity loss has none"
            if self.temperature is None:
                reasons["bias"] = "there is no temperature"
        if self.word_ratio == 0:
            reasons |= dict.fromkeys(("word_samples", "word_fade"), "word_ratio is 0")
        if self.lr is not None:
            reasons["noam_factor"] = "lr is given"
            if self.scheduler != "noam":
                reasons["warmup"] = "lr is given and scheduler is not noam"
        return reasons


def check(config: SentencesConfig) -> None:
    """Reads all texts, deals them and looks at the labelled ones. Raises `InputError`; does not load torch."""
    from trainers.data.corpus import load_texts, split_corpus
    from trainers.data.labelled import load_labelled

    if config.width % config.heads:
        raise InputError(f"width = {config.width} is no multiple of heads = {config.heads}; change one of them")
    corpus = split_corpus(load_texts(config.data), config.min_sentences, config.folds, config.fold, config.data)
    sentences = sum(min(len(paragraph.sentences), config.batch_size // 2) for paragraph in corpus.train)
    if config.batch_size > sentences:
        raise InputError(
            f"batch_size = {config.batch_size} is more than the {sentences} training sentences; lower batch_size"
        )
    load_labelled(config.data, corpus, config.labelled_rows)


TRAINER = Trainer(
    name="sentences",
    summary="learns sentence vectors from which sentences share a paragraph (SGNN features, Transformer encoder)",
    config=SentencesConfig,
    metrics={"pair_auc": "maximize", "probe_f1": "maximize", "loss": "minimize"},
    recipe="trainers.sentences:train",
    check=check,
    preload=("torch", "sklearn.linear_model", "trainers.sentences"),
)
