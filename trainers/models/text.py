"""From titles to features."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from trainers.contract import Scalar
from trainers.data.ngrams import ngram_ids
from trainers.models.pooling import LastLayers, Pooling
from trainers.models.pretrained import load_pretrained

LAST_4 = "last4"


class NgramBag(nn.Module):
    """Learnt vectors of hashed character n-grams, pooled. Takes ids (rows, length), returns (rows, `features`)."""

    def __init__(self, buckets: int = 8192, features: int = 128, pooling: str = "mean") -> None:
        super().__init__()
        self.pooling = Pooling(pooling)
        self.features = self.pooling.widening * features
        self.bag = nn.EmbeddingBag(buckets, features, mode="mean", padding_idx=0)

    def settings(self) -> dict[str, Scalar]:
        """As it was built."""
        return {"text_pooling": self.pooling.kind}

    def encode(self, titles: Sequence[str], length: int) -> Tensor:
        """Ids of the n-grams of each title, shape (titles, length), 0 where there are no more."""
        return torch.tensor([ngram_ids(title, length, self.bag.num_embeddings) for title in titles])

    def forward(self, ids: Tensor) -> Tensor:
        vectors: Tensor
        if self.pooling.kind == "mean":
            # The bag adds up vectors without holding them all.
            vectors = self.bag(ids)
        else:
            vectors = self.pooling(F.embedding(ids, self.bag.weight, padding_idx=0), ids != 0)
        return vectors


class PretrainedText(nn.Module):
    """Any text model of transformers, its hidden states pooled over the tokens that are not padding.

    `last4` takes the mean over tokens of a learnt mean of the last four layers, or of all where there are fewer; others
    take the last one. `dropout` is of the layers in `last4`. Raises `InputError` when there is no such model.
    """

    def __init__(self, name: str, pooling: str = "mean", dropout: float = 0.0) -> None:
        super().__init__()
        from transformers import AutoModel, AutoTokenizer

        self._tokenizer = load_pretrained(AutoTokenizer, name, "text_model")
        self.body = load_pretrained(AutoModel, name, "text_model")
        layers = min(4, int(self.body.config.num_hidden_layers))
        self.last_layers = LastLayers(layers, dropout) if pooling == LAST_4 else None
        self.pooling = Pooling("mean" if pooling == LAST_4 else pooling)
        self.features = self.pooling.widening * int(self.body.config.hidden_size)
        self._padding = int(self._tokenizer.pad_token_id)

    def settings(self) -> dict[str, Scalar]:
        """As it was built."""
        if self.last_layers is None:
            return {"text_pooling": self.pooling.kind}
        return {
            "text_pooling": LAST_4,
            "text_layers": len(self.last_layers.weights),
            "stack_dropout": self.last_layers.dropout.p,
        }

    def encode(self, titles: Sequence[str], length: int) -> Tensor:
        """Token ids, shape (titles, length), all of one length so that shapes stay the same from step to step."""
        encoded = self._tokenizer(
            list(titles), padding="max_length", truncation=True, max_length=length, return_tensors="pt"
        )
        ids: Tensor = encoded["input_ids"]
        return ids

    def forward(self, ids: Tensor) -> Tensor:
        mask = (ids != self._padding).long()
        vectors: Tensor = self.pooling(self._hidden(ids, mask), mask)
        return vectors

    def _hidden(self, ids: Tensor, mask: Tensor) -> Tensor:
        hidden: Tensor
        if self.last_layers is None:
            hidden = self.body(input_ids=ids, attention_mask=mask).last_hidden_state
        else:
            every = self.body(input_ids=ids, attention_mask=mask, output_hidden_states=True).hidden_states
            hidden = self.last_layers(every)
        return hidden


def build_text_branch(name: str, pooling: str = "mean", stack_dropout: float = 0.0) -> NgramBag | PretrainedText:
    """`ngrams`, or a model of transformers by its name or folder, with a pooling of its own."""
    return NgramBag(pooling=pooling) if name == "ngrams" else PretrainedText(name, pooling, stack_dropout)
