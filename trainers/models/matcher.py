"""Embeddings of a posting from whatever is known about it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from torch import Tensor, nn

from trainers.contract import Scalar
from trainers.losses.matching import MatchingLoss, SeparateLosses
from trainers.models.fusion import ConcatFusion, Embedder, SimilarityFusion, TransformerFusion
from trainers.precision import full_precision


class Branch(nn.Module):
    """A modality's network, batch norm and dropout: from an input to features (rows, `features`)."""

    def __init__(self, network: nn.Module, dropout: float) -> None:
        super().__init__()
        self.network = network
        self.features = int(network.features)  # type: ignore[arg-type]
        self.norm = nn.BatchNorm1d(self.features)
        self.dropout = nn.Dropout(dropout)

    def settings(self, name: str) -> dict[str, Scalar]:
        """As it was built, by names that begin with that of the modality."""
        own: dict[str, Scalar] = self.network.settings()  # type: ignore[operator]
        return {
            f"{name}_model": type(getattr(self.network, "body", self.network)).__name__,
            f"{name}_features": self.features,
            f"{name}_dropout": self.dropout.p,
            **own,
        }

    def forward(self, inputs: Tensor) -> Tensor:
        features: Tensor = self.dropout(self.norm(self.network(inputs)))
        return features


class Matcher(nn.Module):
    """Branches, joined to one embedding by a fusion; with `embedders`, branches have embeddings of their own besides.

    A `SimilarityFusion` joins these embeddings, every other fusion the branches' features.

    `branches` map an input's name to what makes features of it. `forward` takes a batch with those inputs and returns
    the fused embeddings (rows, `embedding`), `outputs` all there are. Neither ever sees labels: losses are a matter of
    training only.
    """

    def __init__(
        self,
        branches: Mapping[str, Branch],
        fusion: ConcatFusion | TransformerFusion | SimilarityFusion,
        embedders: Mapping[str, Embedder] | None = None,
    ) -> None:
        super().__init__()
        self.branches = nn.ModuleDict(branches)
        self.fusion = fusion
        self.embedders = nn.ModuleDict(embedders or {})

    @property
    def joins_embeddings(self) -> bool:
        """Whether the fused embedding is made of the branches' own and has nothing of its own to learn."""
        return isinstance(self.fusion, SimilarityFusion)

    def settings(self) -> dict[str, Scalar]:
        """As it was built."""
        settings: dict[str, Scalar] = {
            "modalities": "+".join(self.branches),
            "embedding": self.fusion.embedding,
            "outputs": "three" if self.embedders else "fused",
            **self.fusion.settings(),
        }
        for name, branch in self.branches.items():
            settings |= branch.settings(name)  # type: ignore[operator]
        return settings

    def forward(self, batch: Mapping[str, Tensor]) -> Tensor:
        return self.outputs(batch)["fused"] if self.joins_embeddings else self._fused(self._features(batch))

    def outputs(self, batch: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """All embeddings of a batch, each (rows, `embedding`): `fused` first, then each branch's own by its name."""
        features = self._features(batch)
        by_name = dict(zip(self.branches, features, strict=True))
        own = {name: embed(by_name[name]) for name, embed in self.embedders.items()}
        return {"fused": self.fusion(own) if self.joins_embeddings else self._fused(features), **own}

    def encode_titles(self, titles: Sequence[str], length: int) -> Tensor:
        """Titles as the text branch wants them, shape (titles, length). Only for a matcher with a text branch."""
        ids: Tensor = self.branches["text"].network.encode(titles, length)  # type: ignore[operator, union-attr]
        return ids

    def _fused(self, features: list[Tensor]) -> Tensor:
        embeddings: Tensor = self.fusion(features)
        return embeddings

    def _features(self, batch: Mapping[str, Tensor]) -> list[Tensor]:
        return [branch(batch[name]) for name, branch in self.branches.items()]


class MatchingNetwork(nn.Module):
    """Everything that is trained: what makes embeddings, and the loss, whose head is thrown away afterwards."""

    def __init__(self, matcher: Matcher, criterion: MatchingLoss | SeparateLosses) -> None:
        super().__init__()
        self.matcher = matcher
        self.criterion = criterion

    def settings(self) -> dict[str, Scalar]:
        """What all of it was built with."""
        count = sum(parameter.numel() for parameter in self.parameters())
        return {**self.criterion.settings(), **self.matcher.settings(), "parameters": count}

    def forward(self, batch: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """The `loss` of a batch that has a `label` per row, with what it is made of and what the head keeps."""
        outputs = self.matcher.outputs(batch)
        if self.matcher.joins_embeddings:
            del outputs["fused"]
        with full_precision(batch["label"]):
            losses: dict[str, Tensor] = self.criterion(
                {name: values.float() for name, values in outputs.items()}, batch["label"]
            )
        return losses

    def parameter_groups(self) -> dict[str, list[nn.Parameter]]:
        """Each branch by its name, its batch norm included, and as `head` all that comes after the branches."""
        matcher = self.matcher
        groups = {name: list(branch.parameters()) for name, branch in matcher.branches.items()}
        return groups | {
            "head": [*matcher.fusion.parameters(), *matcher.embedders.parameters(), *self.criterion.parameters()]
        }
