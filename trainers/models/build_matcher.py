"""The network of the matching trainer as its settings describe it."""

from __future__ import annotations

from collections.abc import Sequence

from torch import nn
from torch.random import fork_rng

from trainers.configs.matching import MatchingConfig
from trainers.losses.matching import MatchingLoss, SeparateLosses, build_loss
from trainers.models.fusion import ConcatFusion, Embedder, SimilarityFusion, TransformerFusion
from trainers.models.image import build_image_branch
from trainers.models.matcher import Branch, Matcher, MatchingNetwork
from trainers.models.text import build_text_branch


def build_network(config: MatchingConfig, modalities: Sequence[str], classes: int) -> MatchingNetwork:
    """A matcher of these modalities and a loss over so many classes.

    Raises `InputError` for models that cannot be loaded. Settings are to have passed `check_fit`.
    """
    if config.fusion == "similarity":
        return _of_similarities(config, modalities, classes)
    matcher = build_matcher(config, modalities)
    return MatchingNetwork(matcher, build_loss(config, classes, config.embedding))


def build_matcher(config: MatchingConfig, modalities: Sequence[str]) -> Matcher:
    """What makes embeddings of postings that are seen by these modalities, joined by their features."""
    branches = {name: _branch(config, name) for name in modalities}
    widths = {name: branch.features for name, branch in branches.items()}
    embedders = {}
    if config.outputs == "three":
        embedders = {name: Embedder(width, config.embedding) for name, width in widths.items()}
    return Matcher(branches, _fusion(config, list(widths.values())), embedders)


def _of_similarities(config: MatchingConfig, modalities: Sequence[str], classes: int) -> MatchingNetwork:
    """Each modality with an embedding and a loss of its own.

    Photos draw their first weights aside: with the same seed, and no dropout of photos, text then begins and is trained
    exactly as it would be without them, so that what photos add is no matter of luck.
    """
    parts: dict[str, tuple[Branch, Embedder, MatchingLoss]] = {}
    for name in modalities:
        with fork_rng(devices=(), enabled=name == "image"):
            branch = _branch(config, name)
            embedder = Embedder(branch.features, config.embedding)
            parts[name] = branch, embedder, build_loss(config, classes, config.embedding)
    matcher = Matcher(
        {name: branch for name, (branch, _, _) in parts.items()},
        SimilarityFusion(config.embedding, config.image_share),
        {name: embedder for name, (_, embedder, _) in parts.items()},
    )
    return MatchingNetwork(matcher, SeparateLosses({name: loss for name, (_, _, loss) in parts.items()}))


def _branch(config: MatchingConfig, name: str) -> Branch:
    return Branch(_network(config, name), config.dropout_of(name))


def _network(config: MatchingConfig, name: str) -> nn.Module:
    if name == "image":
        return build_image_branch(config.image_model, config.pixels, config.image_pooling)
    return build_text_branch(config.text_model, config.text_pooling, config.stack_dropout)


def _fusion(config: MatchingConfig, widths: Sequence[int]) -> ConcatFusion | TransformerFusion:
    if config.fusion == "concat":
        return ConcatFusion(widths, config.embedding, config.fusion_dropout)
    return TransformerFusion(widths, config.embedding, config.fusion_layers, config.fusion_heads, config.fusion_dropout)
