"""Texts, and pairs of texts, as token ids of one length, with any tokenizer of transformers."""

from __future__ import annotations

import hashlib
import os
from collections import Counter
from collections.abc import Iterable, Sequence
from threading import Lock
from typing import Any

import numpy as np
import torch
from torch import Tensor

from trainers.data.cache import Cache

# Threads of its own would take cores that other trials were given, and would be dead in loader processes.
os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")

KIND = "tokens"
# Another number for every change of what is kept.
VERSION = 1
TYPES = {"ids": torch.int32, "mask": torch.int8, "types": torch.int8}
AT_ONCE = 1_000  # texts
# A tokenizer of transformers keeps the settings of its last call, so two threads must not use one at a time.
_ENCODING = Lock()
SPECIAL = ("[PAD]", "[UNK]", "[CLS]", "[SEP]")
# Rarer characters than these become [UNK].
MOST_CHARACTERS = 1_000


class TextTokens:
    """Turns texts into tensors of shape (texts, `length`), so that shapes stay the same from step to step.

    They are `ids`, `mask` (1 for tokens, 0 for padding) and, where the model has them, `types` (0 for the first text
    of a pair, 1 for the second), all int64. What does not fit is cut from the end, in a pair from the longer text.
    """

    def __init__(self, tokenizer: Any, length: int) -> None:
        self.tokenizer = tokenizer
        self.length = length
        self._has_types = "token_type_ids" in tokenizer.model_input_names

    def __call__(self, texts: Sequence[str], seconds: Sequence[str] | None = None) -> dict[str, Tensor]:
        """`seconds` are the other halves of pairs."""
        with _ENCODING:
            encoded = self.tokenizer(
                list(texts),
                None if seconds is None else list(seconds),
                padding="max_length",
                truncation=True,
                max_length=self.length,
                return_attention_mask=True,
                return_token_type_ids=self._has_types,
                return_tensors="pt",
            )
        columns = {"ids": encoded["input_ids"], "mask": encoded["attention_mask"]}
        return columns | ({"types": encoded["token_type_ids"]} if self._has_types else {})

    @property
    def columns(self) -> tuple[str, ...]:
        """The names of the tensors."""
        return ("ids", "mask", "types") if self._has_types else ("ids", "mask")

    @property
    def identity(self) -> str | None:
        """A digest of all that the tokens of a text follow from; None for a tokenizer that cannot be written down."""
        backend = getattr(self.tokenizer, "backend_tokenizer", None)
        if backend is None:
            return None
        with _ENCODING:
            # What the last call left of its own settings; the next one sets them again.
            backend.no_padding()
            backend.no_truncation()
            written = backend.to_str()
        sides = self.tokenizer.padding_side, self.tokenizer.truncation_side
        named = repr((VERSION, self.length, self.columns, sides, written))
        return hashlib.sha256(named.encode(errors="surrogatepass")).hexdigest()

    def count(self, text: str) -> int:
        """How many tokens the whole text has, without the special ones."""
        with _ENCODING:
            return len(self.tokenizer.tokenize(text))


class KeptTokens:
    """The tokens of fixed texts as columns by row number: encoded when first asked for, and kept from then on.

    With a cache all are encoded when any is first asked for, once for all trainings with this tokenizer and length.
    """

    def __init__(
        self,
        tokens: TextTokens,
        texts: Sequence[str],
        seconds: Sequence[str] | None = None,
        cache: Cache | None = None,
    ) -> None:
        self._tokens = tokens
        self._texts = texts
        self._seconds = seconds
        self._cache = cache
        self._kept: dict[str, Tensor] = {}
        self._known = torch.zeros(len(texts), dtype=torch.bool)

    def __call__(self, rows: Sequence[int]) -> dict[str, Tensor]:
        """The columns of `TextTokens` for these rows."""
        self.prepare()
        wanted = torch.as_tensor(rows)
        new = sorted(set(wanted[~self._known[wanted]].tolist()))
        if new:
            self._keep(new)
        return {name: column[wanted].long() for name, column in self._kept.items()}

    def prepare(self) -> None:
        """With a cache, encodes everything: to be called before worker processes begin, which then share it."""
        if self._cache is not None and self._cache.is_on and not self._known.any():
            own = self._tokens.identity
            if own is not None and len(self._texts):
                self._share(self._cache, (own, _digest(self._texts), _digest(self._seconds or ())))

    def _share(self, cache: Cache, identity: tuple[str, ...]) -> None:
        """Takes everything from the cache, or makes it and leaves it there."""
        found = {name: cache.load((*identity, name)) for name in self._tokens.columns}
        shape = len(self._texts), self._tokens.length
        whole = {name: torch.from_numpy(column) for name, column in found.items() if column is not None}
        if all(name in whole and whole[name].shape == shape for name in found):
            self._kept = whole
            self._known[:] = True
            return
        for first in range(0, len(self._texts), AT_ONCE):
            self._keep(list(range(first, min(first + AT_ONCE, len(self._texts)))))
        for name, column in self._kept.items():
            cache.store((*identity, name), column.numpy())

    def _keep(self, rows: list[int]) -> None:
        seconds = None if self._seconds is None else [self._seconds[row] for row in rows]
        for name, values in self._tokens([self._texts[row] for row in rows], seconds).items():
            if name not in self._kept:
                self._kept[name] = torch.zeros(len(self._texts), values.shape[1], dtype=TYPES[name])
            self._kept[name][rows] = values.to(TYPES[name])
        self._known[rows] = True


def learn_tokenizer(texts: Sequence[str], size: int, cache: Cache | None = None) -> Any:
    """A tokenizer with up to `size` tokens of these texts: lower case, byte-pair merges (Sennrich et al. 2016).

    The same texts give the same tokenizer in every process, which tokenizers of the other kinds in the `tokenizers`
    library do not: they number their tokens in the order of a randomly seeded hash table. That is also why the
    characters are chosen here, where ties are broken by code point. Pairs are `[CLS] a [SEP] b [SEP]` as in BERT.
    With a cache the texts are learnt from once.
    """
    import tokenizers
    from transformers import PreTrainedTokenizerFast

    cache = cache or Cache(None)
    identity = (VERSION, tokenizers.__version__, size, _digest(texts)) if cache.is_on else ()
    found = cache.load(identity)
    if found is None:
        tokenizer = _learnt(texts, size)
        cache.store(identity, np.frombuffer(tokenizer.to_str().encode(), np.uint8))
    else:
        tokenizer = tokenizers.Tokenizer.from_buffer(found.tobytes())
    wrapped: Any = PreTrainedTokenizerFast
    return wrapped(
        tokenizer_object=tokenizer,
        pad_token="[PAD]",
        unk_token="[UNK]",
        cls_token="[CLS]",
        sep_token="[SEP]",
        model_input_names=["input_ids", "token_type_ids", "attention_mask"],
    )


def _learnt(texts: Sequence[str], size: int) -> Any:
    from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, processors, trainers

    tokenizer = Tokenizer(models.BPE(unk_token="[UNK]", fuse_unk=True))
    tokenizer.normalizer = normalizers.Sequence([normalizers.NFKC(), normalizers.Lowercase()])
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence([pre_tokenizers.Metaspace(), pre_tokenizers.Punctuation()])
    alphabet = _characters(tokenizer.normalizer.normalize_str(text) for text in texts)
    trainer = trainers.BpeTrainer(
        vocab_size=size,
        min_frequency=2,
        special_tokens=list(SPECIAL),
        initial_alphabet=alphabet,
        limit_alphabet=len(alphabet),
        show_progress=False,
    )
    tokenizer.train_from_iterator(texts, trainer)
    first, last = tokenizer.token_to_id("[CLS]"), tokenizer.token_to_id("[SEP]")
    tokenizer.post_processor = processors.TemplateProcessing(
        single="[CLS] $A [SEP]",
        pair="[CLS] $A [SEP] $B:1 [SEP]:1",
        special_tokens=[("[CLS]", first), ("[SEP]", last)],
    )
    return tokenizer


def _characters(texts: Iterable[str]) -> list[str]:
    counts = Counter(character for text in texts for character in text if not character.isspace())
    common = sorted(counts, key=lambda character: (-counts[character], character))[:MOST_CHARACTERS]
    # The mark with which Metaspace begins words.
    return sorted({*common, "▁"})


def _digest(texts: Sequence[str]) -> str:
    """Other texts, or others in another order, have another one."""
    digest = hashlib.sha256()
    for text in texts:
        data = text.encode(errors="surrogatepass")
        digest.update(len(data).to_bytes(8, "big") + data)
    return digest.hexdigest()
