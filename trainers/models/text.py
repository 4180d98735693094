"""From titles to features."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from trainers.data.ngrams import ngram_ids
from trainers.models.pretrained import load_pretrained


class NgramBag(nn.Module):
    """The mean of learnt vectors of hashed character n-grams. Takes ids (rows, length), returns (rows, `features`)."""

    def __init__(self, buckets: int = 8192, features: int = 128) -> None:
        super().__init__()
        self.features = features
        self.bag = nn.EmbeddingBag(buckets, features, mode="mean", padding_idx=0)

    def encode(self, titles: Sequence[str], length: int) -> Tensor:
        """Ids of the n-grams of each title, shape (titles, length), 0 where there are no more."""
        return torch.tensor([ngram_ids(title, length, self.bag.num_embeddings) for title in titles])

    def forward(self, ids: Tensor) -> Tensor:
        vectors: Tensor = self.bag(ids)
        return vectors


class PretrainedText(nn.Module):
    """Any text model of transformers: the mean of the last hidden states over the tokens that are not padding.

    Raises `InputError` when there is no such model.
    """

    def __init__(self, name: str) -> None:
        super().__init__()
        from transformers import AutoModel, AutoTokenizer

        self._tokenizer = load_pretrained(AutoTokenizer, name, "text_model")
        self.body = load_pretrained(AutoModel, name, "text_model")
        self.features = int(self.body.config.hidden_size)
        self._padding = int(self._tokenizer.pad_token_id)

    def encode(self, titles: Sequence[str], length: int) -> Tensor:
        """Token ids, shape (titles, length), all of one length so that shapes stay the same from step to step."""
        encoded = self._tokenizer(
            list(titles), padding="max_length", truncation=True, max_length=length, return_tensors="pt"
        )
        ids: Tensor = encoded["input_ids"]
        return ids

    def forward(self, ids: Tensor) -> Tensor:
        mask = (ids != self._padding).long()
        hidden: Tensor = self.body(input_ids=ids, attention_mask=mask).last_hidden_state
        weights = mask.unsqueeze(2).to(hidden.dtype)
        return (hidden * weights).sum(1) / weights.sum(1).clamp_min(1.0)


def build_text_branch(name: str) -> NgramBag | PretrainedText:
    """`ngrams`, or a model of transformers by its name or folder."""
    return NgramBag() if name == "ngrams" else PretrainedText(name)
