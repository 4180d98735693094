"""Token vectors of texts, from any encoder of transformers or from a small one that has learnt nothing yet."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from torch import Tensor, nn

from trainers.contract import InputError, Scalar
from trainers.data.cache import Cache
from trainers.data.tokens import TextTokens, learn_tokenizer
from trainers.models.pretrained import SMALL, check_model, load_pretrained

# The sizes of the small encoder: a BERT (Devlin et al. 2019) of about a million parameters.
WIDTH, LAYERS, HEADS, INNER, VOCABULARY = 128, 2, 4, 256, 8_192
# Families whose attention takes a mask of shape (rows, 1, 1, tokens).
_BROAD_MASK = ("bert", "roberta", "xlm-roberta", "camembert")


class Encoder(nn.Module):
    """`forward` takes a batch with the columns of `TextTokens` and returns vectors (rows, tokens, `features`).

    `tokens` makes such columns. `pooled` is one vector per row, (rows, `features`): that of the model's own pooler
    where it has one, and of the first token otherwise.
    """

    def __init__(self, body: nn.Module, tokens: TextTokens) -> None:
        super().__init__()
        self.body = body
        self.tokens = tokens
        config: Any = body.config
        self.features = int(config.hidden_size)
        sdpa = getattr(config, "_attn_implementation", "") == "sdpa"
        self._broad_mask = sdpa and config.model_type in _BROAD_MASK

    def forward(self, batch: Mapping[str, Tensor]) -> Tensor:
        hidden: Tensor = self._outputs(batch).last_hidden_state
        return hidden

    def pooled(self, batch: Mapping[str, Tensor]) -> Tensor:
        outputs = self._outputs(batch)
        own = getattr(outputs, "pooler_output", None)
        pooled: Tensor = outputs.last_hidden_state[:, 0] if own is None else own
        return pooled

    def settings(self) -> dict[str, Scalar]:
        """What was built, read from the model's own configuration."""
        config: Any = self.body.config
        return {
            "model": type(self.body).__name__,
            "features": self.features,
            "layers": int(getattr(config, "num_hidden_layers", 0)),
            "vocabulary": int(config.vocab_size),
            "tokens": self.tokens.length,
        }

    def _outputs(self, batch: Mapping[str, Tensor]) -> Any:
        types = {"token_type_ids": batch["types"]} if "types" in batch else {}
        mask = batch["mask"]
        if self._broad_mask:
            # transformers asks a mask of two dimensions whether it masks anything at all, which waits for the device.
            mask = mask[:, None, None, :].bool()
        return self.body(input_ids=batch["ids"], attention_mask=mask, **types)


def build_encoder(
    name: str,
    texts: Sequence[str],
    tokens: int,
    setting: str = "model",
    pooler: bool = False,
    cache: Cache | None = None,
) -> Encoder:
    """`small`, with a tokenizer of these texts, or a model of transformers by its hub name or folder.

    `tokens` is the length that texts are cut or filled up to. A pooler is kept only where it is wanted: weights that no
    loss reaches would be trained on nothing. Raises `InputError` naming the `setting` when the weights are not at hand
    and cannot be fetched, or when the model does not take so many tokens.
    """
    if name == SMALL:
        return _small(learn_tokenizer(texts, VOCABULARY, cache), tokens, pooler)
    from transformers import AutoModel, AutoTokenizer

    check_model(name, setting)
    tokenizer = load_pretrained(AutoTokenizer, name, setting)
    body = load_pretrained(AutoModel, name, setting)
    if getattr(body.config, "is_encoder_decoder", False) or not hasattr(body.config, "hidden_size"):
        raise InputError(f"{setting} {name!r} is no encoder; give one such as xlm-roberta-base, or small")
    longest = _longest(body.config)
    if longest is not None and tokens > longest:
        raise InputError(f"tokens = {tokens}, but {setting} {name!r} takes {longest} at most; lower tokens")
    if tokenizer.pad_token_id is None:
        raise InputError(f"{setting} {name!r} has no padding token; give an encoder such as xlm-roberta-base")
    if not pooler and getattr(body, "pooler", None) is not None:
        body.pooler = None
    return Encoder(body, TextTokens(tokenizer, tokens))


def _small(tokenizer: Any, tokens: int, pooler: bool) -> Encoder:
    from transformers import BertConfig, BertModel

    config = BertConfig(
        vocab_size=len(tokenizer),
        hidden_size=WIDTH,
        num_hidden_layers=LAYERS,
        num_attention_heads=HEADS,
        intermediate_size=INNER,
        # Drawing a mask for every pair of tokens takes an eighth of a step and helps a net of this size little.
        attention_probs_dropout_prob=0.0,
        max_position_embeddings=tokens,
        pad_token_id=tokenizer.pad_token_id,
    )
    return Encoder(BertModel(config, add_pooling_layer=pooler), TextTokens(tokenizer, tokens))


def _longest(config: Any) -> int | None:
    """The most tokens that the position embeddings are made for; None where there are none to run out of."""
    positions = getattr(config, "max_position_embeddings", None)
    if positions is None or positions <= 0 or "deberta" in config.model_type:
        return None
    # RoBERTa and its kin number positions from behind the padding's id on.
    kin = any(name in config.model_type for name in ("roberta", "camembert", "xmod"))
    return int(positions) - (int(config.pad_token_id) + 1 if kin else 0)
