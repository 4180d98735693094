"""Settings of the matching trainer's network: branches, what becomes of their features, and their fusion."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from trainers.configs.torch_config import TorchConfig
from trainers.contract import InputError, option

NGRAMS = "ngrams"

_IMAGE = ("image_model", "image_size", "image_pooling", "image_dropout")
_TEXT = ("text_model", "tokens", "text_pooling", "text_dropout", "stack_dropout")
_OWN_DROPOUT = "; none means the same as dropout"


@dataclass(frozen=True, kw_only=True)
class NetworkSettings(TorchConfig):
    """An image branch, a text branch, and their fusion into one embedding."""

    modalities: str = option(
        "auto",
        "what a posting is seen by; auto uses titles where there are any",
        choices=("auto", "image", "text", "image+text"),
    )
    embedding: int = option(128, "dimensions of the embedding", low=2, high=16_384)
    outputs: str = option(
        "fused",
        "what is embedded and trained: both modalities as one, or image, text and both with one head",
        choices=("fused", "three"),
    )
    fusion: str = option(
        "concat",
        "how modalities become one: beside each other, by a transformer over those of a posting, or by embeddings of "
        "their own whose similarities are averaged",
        choices=("concat", "transformer", "similarity"),
    )
    image_share: float = option(0.2, "share of the photos' similarity in the average, above 0", low=0.01, high=0.99)
    fusion_layers: int = option(1, "layers of the transformer over modalities", low=1, high=64)
    fusion_heads: int = option(8, "its attention heads, which divide the embedding", low=1, high=256)
    fusion_dropout: float = option(
        0.0, "dropout inside the transformer over modalities, or of what is concatenated", low=0.0, high=0.95
    )
    dropout: float = option(0.1, "dropout after each branch", low=0.0, high=0.95)
    image_dropout: float | None = option(None, f"dropout after the image branch{_OWN_DROPOUT}", low=0.0, high=0.95)
    text_dropout: float | None = option(None, f"dropout after the text branch{_OWN_DROPOUT}", low=0.0, high=0.95)
    image_model: str = option(
        "small", "small is a convolutional net of this package; else a transformers model or folder"
    )
    image_pooling: str = option(
        "mean", "what becomes of the places of a picture", choices=("mean", "max", "mean_max", "gem")
    )
    text_model: str = option(NGRAMS, "ngrams are hashed character n-grams; else a transformers model or folder")
    text_pooling: str = option(
        "mean",
        "what becomes of tokens or n-grams; cls and last4 (a learnt mean of four layers) need a transformers model",
        choices=("mean", "max", "mean_max", "gem", "cls", "last4"),
    )
    stack_dropout: float = option(0.2, "dropout of the layers that last4 takes the mean of", low=0.0, high=0.95)

    def dropout_of(self, modality: str) -> float:
        """The dropout after the branch of `image` or `text`."""
        own = self.image_dropout if modality == "image" else self.text_dropout
        return self.dropout if own is None else own

    @property
    def has_image(self) -> bool:
        """Whether postings are seen by their photos."""
        return self.modalities != "text"

    @property
    def may_have_text(self) -> bool:
        """Whether postings are seen by their titles, as far as settings tell. The built-in digits have none."""
        return self.modalities != "image" and not (self.modalities == "auto" and not self.data)

    def ineffective(self) -> dict[str, str]:
        """What a missing modality, the fusion or the pooling leave without effect."""
        reasons = super().ineffective()
        if self.fusion != "transformer":
            reasons |= dict.fromkeys(("fusion_layers", "fusion_heads"), "the fusion is no transformer")
        if self.fusion == "similarity":
            reasons["fusion_dropout"] = "averaging similarities drops nothing"
            reasons["outputs"] = "averaging similarities always has three outputs, of which two are trained"
        else:
            reasons["image_share"] = "similarities are not averaged"
        if self.text_pooling != "last4":
            reasons["stack_dropout"] = "only text_pooling = last4 has layers to drop from"
        branches = [name for name, there in (("image", self.has_image), ("text", self.may_have_text)) if there]
        if all(getattr(self, f"{name}_dropout") is not None for name in branches):
            reasons["dropout"] = "each branch has a dropout of its own"
        if not self.may_have_text:
            reasons |= dict.fromkeys(_TEXT, "there is no text branch")
        if not self.has_image:
            reasons |= dict.fromkeys(_IMAGE, "there is no image branch")
        return reasons


def check_network(settings: NetworkSettings, modalities: Sequence[str]) -> None:
    """Raises `InputError` where the settings do not fit each other or the modalities that there are."""
    if settings.outputs == "three" and len(modalities) < 2:
        raise InputError(f"outputs = three needs photos and titles, but there is only {modalities[0]}; use fused")
    if settings.fusion == "similarity" and len(modalities) < 2:
        raise InputError(f"fusion = similarity needs photos and titles, but there is only {modalities[0]}; use concat")
    if settings.fusion == "transformer" and settings.embedding % settings.fusion_heads:
        raise InputError(
            f"fusion_heads = {settings.fusion_heads} does not divide embedding = {settings.embedding}; change one"
        )
    if "text" in modalities and settings.text_model == NGRAMS and settings.text_pooling in ("cls", "last4"):
        raise InputError(
            f"text_pooling = {settings.text_pooling} needs a text_model of transformers; "
            "ngrams have mean, max, mean_max and gem"
        )
