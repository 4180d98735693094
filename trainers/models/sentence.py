"""Sentences to vectors: projected words, an encoder, and the largest value over the words."""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from trainers.models.transformer import Encoder, initialise, sinusoids


class Centre(nn.Module):
    """Takes the mean away: the batch's while training, and a running one after, so that no sentence needs neighbours.

    Without it all sentences point one way at first, which a loss on cosines has to unlearn before it can begin. The
    running mean is that of all batches so far, and from 1 / `momentum` batches on an exponential one.
    """

    mean: Tensor
    batches: Tensor

    def __init__(self, width: int, momentum: float = 0.1) -> None:
        super().__init__()
        self.momentum = momentum
        self.register_buffer("mean", torch.zeros(width))
        self.register_buffer("batches", torch.zeros(()))

    def forward(self, vectors: Tensor) -> Tensor:
        if not self.training:
            return vectors - self.mean
        mean = vectors.mean(0)
        self.batches += 1.0
        self.mean += (1.0 / self.batches).clamp_min(self.momentum) * (mean.detach() - self.mean)
        return vectors - mean


class WeightedWords(nn.Module):
    """Words on a way past the encoder: V·Σ softplus(w·h + b)·h / √n over the n words of a sentence, (rows, embedding).

    How much a word counts is learnt from its characters, as rare words tell more of what a sentence is about than
    frequent ones do; at first all count the same. The root keeps sums of many words as long as those of few.
    """

    def __init__(self, width: int, embedding: int) -> None:
        super().__init__()
        self.weigh = nn.Linear(width, 1)
        self.embed = nn.Linear(width, embedding)

    def start_even(self) -> None:
        """Lets all words count the same."""
        nn.init.zeros_(self.weigh.weight)

    def forward(self, words: Tensor, places: Tensor) -> Tensor:
        """`words` (table, width) holds each different word, `places` (rows, length) where it stands, 0 for none."""
        filled = (places > 0).unsqueeze(2)
        weighted = F.embedding(places, F.softplus(self.weigh(words)) * words)
        sums = weighted.masked_fill(~filled, 0.0).sum(1)
        vectors: Tensor = self.embed(sums / filled.sum(1).clamp_min(1).sqrt())
        return vectors


class SentenceEncoder(nn.Module):
    """From a batch of `trainers.data.word_batches` to one vector a sentence, shape (rows, `embedding`).

    Word features → linear → relu(h) + h/5 → plus sinusoids → encoder → maximum over the words → linear → minus the mean
    of all sentences (`Centre`). With several `encoders` each reads the same words, and their states stand side by side
    before the maximum is taken: two of three layers in place of one of six. Sentences without words are zeros before
    the last layer. With `skip` the `WeightedWords` are added before the mean is taken away, so that words which two
    sentences share survive the encoder: little text teaches those sooner than what words do to each other.
    """

    positions: Tensor

    def __init__(
        self,
        features: int,
        scale: float,
        length: int,
        width: int = 512,
        layers: int = 6,
        heads: int = 8,
        feed_forward: int = 2048,
        embedding: int = 512,
        encoders: int = 1,
        skip: bool = False,
    ) -> None:
        super().__init__()
        self.scale = scale
        self.project = nn.Linear(features, width)
        self.encoders = nn.ModuleList(Encoder(width, layers, heads, feed_forward) for _ in range(encoders))
        self.embed = nn.Linear(encoders * width, embedding)
        self.skip = WeightedWords(width, embedding) if skip else None
        self.centre = Centre(embedding)
        self.register_buffer("positions", sinusoids(length, width), persistent=False)
        initialise(self)
        if self.skip is not None:
            self.skip.start_even()

    def forward(self, batch: Mapping[str, Tensor]) -> Tensor:
        vectors, _ = self.with_words(batch)
        return vectors

    def with_words(self, batch: Mapping[str, Tensor]) -> tuple[Tensor, Tensor]:
        """The sentences' vectors, and the states of their words (rows, length, encoders · width)."""
        places = batch["places"]
        hidden = self.project(batch["words"].float() * self.scale)
        # Each different word is projected once; only then is it brought to its places.
        table = F.relu(hidden) + hidden / 5
        words = F.embedding(places, table) + self.positions
        filled = places > 0
        # An empty sentence attends to its padding, as an attention over nothing would be a NaN.
        mask = (filled | ~filled.any(1, keepdim=True))[:, None, None, :]
        states = torch.cat([encoder(words, mask) for encoder in self.encoders], dim=2)
        pooled = states.masked_fill(~filled.unsqueeze(2), -torch.inf).amax(1)
        pooled = torch.where(filled.any(1, keepdim=True), pooled, torch.zeros_like(pooled))
        vectors = self.embed(pooled)
        if self.skip is not None:
            vectors = vectors + self.skip(table, places)
        return self.centre(vectors), states
