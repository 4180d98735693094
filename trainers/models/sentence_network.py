"""The sentence encoder with the losses that train it."""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor, nn

from trainers.losses.similarity import SimilarityBXENT
from trainers.losses.vmf import VonMisesFisher
from trainers.models.sentence import Centre, SentenceEncoder
from trainers.precision import full_precision


class SentenceNetwork(nn.Module):
    """Everything that is trained. `words` is the head of the word loss, and None where `word_ratio` is 0.

    The loss is (1 − r)·L(sentences) + r·L(words): words of one paragraph belong together as its sentences do. r begins
    at `word_ratio` and falls to 0 over `word_fade` steps, so that the easier task comes first; 0 steps keep it.
    """

    taken: Tensor

    def __init__(
        self,
        encoder: SentenceEncoder,
        criterion: SimilarityBXENT | VonMisesFisher,
        word_ratio: float = 0.0,
        word_samples: int = 2,
        word_fade: int = 0,
        batches_per_step: int = 1,
    ) -> None:
        super().__init__()
        self.encoder = encoder
        self.criterion = criterion
        self.word_ratio = word_ratio
        self.word_samples = word_samples
        self.word_fade = word_fade
        self._share = 1.0 / batches_per_step
        embed = encoder.embed
        self.words = (
            nn.Sequential(nn.Linear(embed.in_features, embed.out_features), Centre(embed.out_features))
            if word_ratio > 0
            else None
        )
        # Training steps so far, kept with the weights so that a resumed training fades from where it was.
        self.register_buffer("taken", torch.zeros(()))

    def forward(self, batch: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """`loss` of a batch with `groups`; its parts where there are two; `excess` over the least it could be."""
        groups = batch["groups"]
        vectors, states = self.encoder.with_words(batch)
        with full_precision(groups):
            loss = self.criterion(vectors.float(), groups)
        found = {"loss": loss}
        if isinstance(self.criterion, SimilarityBXENT):
            found["excess"] = loss.detach() - self.criterion.floor(groups)
        if self.words is not None:
            chosen = sampled_words(states, batch["places"], self.word_samples)
            owners = groups.repeat_interleave(self.word_samples)
            words = self.words(chosen.flatten(0, 1))
            with full_precision(groups):
                word_loss = self.criterion(words.float(), owners)
            ratio = self._ratio()
            found |= {
                "loss": (1.0 - ratio) * loss + ratio * word_loss,
                "sentence_loss": loss.detach(),
                "word_loss": word_loss.detach(),
            }
        return found

    def parameter_groups(self) -> dict[str, list[nn.Parameter]]:
        """The projection of word features, the encoders, and what turns their states into vectors."""
        heads = [head for head in (self.encoder.embed, self.encoder.skip, self.words) if head is not None]
        return {
            "projection": list(self.encoder.project.parameters()),
            "encoder": list(self.encoder.encoders.parameters()),
            "head": [param for head in heads for param in head.parameters()],
        }

    def _ratio(self) -> Tensor:
        ratio = self.word_ratio * torch.ones_like(self.taken)
        if self.word_fade:
            ratio = ratio * (1.0 - self.taken / self.word_fade).clamp_min(0.0)
        if self.training:
            self.taken += self._share
        return ratio


def sampled_words(states: Tensor, places: Tensor, samples: int) -> Tensor:
    """States of `samples` words spread evenly over each sentence, shape (rows, samples, width).

    Of n words they are those in the middle of equal parts, number ⌊(2j + 1)·n / 2·samples⌋ for j from 0; a sentence of
    fewer words gives some more than once.
    """
    counts = (places > 0).sum(1, keepdim=True)
    steps = 2 * torch.arange(samples, device=places.device) + 1
    index = (steps * counts // (2 * samples)).unsqueeze(2).expand(-1, -1, states.shape[2])
    return states.gather(1, index)
