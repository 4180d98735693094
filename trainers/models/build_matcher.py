"""The network of the matching trainer as its settings describe it."""

from __future__ import annotations

from collections.abc import Sequence

from torch import nn

from trainers.configs.matching import MatchingConfig
from trainers.losses.matching import SeparateLosses, build_loss
from trainers.models.fusion import ConcatFusion, Embedder, SimilarityFusion, TransformerFusion
from trainers.models.image import build_image_branch
from trainers.models.matcher import Branch, Matcher, MatchingNetwork
from trainers.models.text import build_text_branch


def build_network(config: MatchingConfig, modalities: Sequence[str], classes: int) -> MatchingNetwork:
    """A matcher of these modalities and a loss over so many classes.

    Raises `InputError` for models that cannot be loaded. Settings are to have passed `check_fit`.
    """
    matcher = build_matcher(config, modalities)
    if matcher.joins_embeddings:
        losses = {name: build_loss(config, classes, config.embedding) for name in modalities}
        return MatchingNetwork(matcher, SeparateLosses(losses))
    return MatchingNetwork(matcher, build_loss(config, classes, config.embedding))


def build_matcher(config: MatchingConfig, modalities: Sequence[str]) -> Matcher:
    """What makes embeddings of postings that are seen by these modalities."""
    branches = {name: Branch(_network(config, name), config.dropout_of(name)) for name in modalities}
    widths = {name: branch.features for name, branch in branches.items()}
    embedders = {}
    if config.outputs == "three" or config.fusion == "similarity":
        embedders = {name: Embedder(width, config.embedding) for name, width in widths.items()}
    return Matcher(branches, _fusion(config, list(widths.values())), embedders)


def _network(config: MatchingConfig, name: str) -> nn.Module:
    if name == "image":
        return build_image_branch(config.image_model, config.pixels, config.image_pooling)
    return build_text_branch(config.text_model, config.text_pooling, config.stack_dropout)


def _fusion(config: MatchingConfig, widths: Sequence[int]) -> ConcatFusion | TransformerFusion | SimilarityFusion:
    if config.fusion == "concat":
        return ConcatFusion(widths, config.embedding, config.fusion_dropout)
    if config.fusion == "similarity":
        return SimilarityFusion(config.embedding, config.image_share)
    return TransformerFusion(widths, config.embedding, config.fusion_layers, config.fusion_heads, config.fusion_dropout)
