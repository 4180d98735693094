"""The loss of the matching trainer: a head over groups, a loss of pairs, or both, of every embedding of a posting."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import torch
from torch import Tensor, nn

from trainers.contract import Scalar
from trainers.losses.adacos import AdaCos
from trainers.losses.arcface import ArcFace
from trainers.losses.circle import Circle
from trainers.losses.classification import Criterion, CrossEntropy, Focal
from trainers.losses.cosface import CosFace
from trainers.losses.cosine import CosineHead
from trainers.losses.curricularface import CurricularFace
from trainers.losses.multi_similarity import MultiSimilarityMiner
from trainers.losses.ntxent import NTXent
from trainers.losses.pairs import PairLoss, Pairs
from trainers.losses.subcenter import SubCenterArcFace
from trainers.losses.supcon import SupCon
from trainers.losses.triplet import Triplet
from trainers.settings.matching_losses import LossSettings


class MatchingLoss(nn.Module):
    """Σ over embeddings of the head's loss plus `pair_weight` times that of pairs; of pairs alone without a head.

    All embeddings of a posting share one head and so one set of directions. What a head keeps besides its weights
    follows each embedding in turn. Pairs are of embeddings, never of logits, and of one process's rows.
    """

    def __init__(
        self,
        head: CosineHead | None = None,
        pair_loss: PairLoss | None = None,
        miner: MultiSimilarityMiner | None = None,
        pair_weight: float = 1.0,
    ) -> None:
        super().__init__()
        if head is None and pair_loss is None:
            raise ValueError("a loss needs a head, pairs, or both")
        self.head = head
        self.pair_loss = pair_loss
        self.miner = miner
        self.pair_weight = pair_weight if head is not None else 1.0

    def settings(self) -> dict[str, Scalar]:
        """As it is applied."""
        settings: dict[str, Scalar] = {"head": "none"}
        if self.head is not None:
            settings = self.head.settings() | self.head.criterion.settings()
        if self.pair_loss is None:
            return settings | {"pair_loss": "none"}
        miner: dict[str, Scalar] = {"miner": "none"} if self.miner is None else self.miner.settings()
        return settings | self.pair_loss.settings() | miner | {"pair_weight": self.pair_weight}

    def forward(self, outputs: Mapping[str, Tensor], labels: Tensor) -> dict[str, Tensor]:
        """`loss` of embeddings (rows, dimensions) by name, with class indices (rows,), and what it is made of.

        Sums by kind of loss come where there are two kinds, sums by embedding where there are several.
        """
        kinds: dict[str, list[Tensor]] = {}
        if self.head is not None:
            kinds["head_loss"] = [self.head(embeddings, labels) for embeddings in outputs.values()]
        if self.pair_loss is not None:
            kinds["pair_loss"] = [self.pair_weight * self.pair_loss(self._pairs(e, labels)) for e in outputs.values()]
        # (kinds, outputs)
        table = torch.stack([torch.stack(losses) for losses in kinds.values()])
        parts = {"loss": table.sum()}
        if len(kinds) > 1:
            parts |= dict(zip(kinds, table.detach().sum(1).unbind(), strict=True))
        if len(outputs) > 1:
            names = [f"{name}_loss" for name in outputs]
            parts |= dict(zip(names, table.detach().sum(0).unbind(), strict=True))
        return parts | (self.head.progress() if self.head is not None else {})

    def _pairs(self, embeddings: Tensor, labels: Tensor) -> Pairs:
        pairs = Pairs.of(embeddings, labels)
        return pairs if self.miner is None else self.miner(pairs)


class SeparateLosses(nn.Module):
    """Σ over embeddings of a `MatchingLoss` of their own: they share no directions and train as if they were alone.

    `losses` are by the names of the embeddings; all are of one kind.
    """

    def __init__(self, losses: Mapping[str, MatchingLoss]) -> None:
        super().__init__()
        self.losses = nn.ModuleDict(losses)

    def settings(self) -> dict[str, Scalar]:
        """As each is applied."""
        first: dict[str, Scalar] = next(iter(self.losses.values())).settings()  # type: ignore[operator]
        return first

    def forward(self, outputs: Mapping[str, Tensor], labels: Tensor) -> dict[str, Tensor]:
        """`loss` as of `MatchingLoss`, and what it is made of by names that begin with that of the embedding."""
        found = {name: loss({name: outputs[name]}, labels) for name, loss in self.losses.items()}
        parts = {f"{name}_{part}": value.detach() for name, own in found.items() for part, value in own.items()}
        return {"loss": torch.stack([own["loss"] for own in found.values()]).sum()} | parts


def build_loss(settings: LossSettings, classes: int, embedding: int) -> MatchingLoss:
    """The loss that these settings describe."""
    return MatchingLoss(
        head=_head(settings, classes, embedding),
        pair_loss=_pair_loss(settings),
        miner=MultiSimilarityMiner(settings.miner_epsilon) if settings.miner == "multi_similarity" else None,
        pair_weight=settings.pair_weight,
    )


def _head(settings: LossSettings, classes: int, embedding: int) -> CosineHead | None:
    criterion: Criterion = CrossEntropy()
    if settings.criterion == "focal":
        criterion = Focal(settings.focal_gamma, settings.focal_alpha)
    s, m = settings.s, settings.m
    heads: dict[str, Callable[[], CosineHead | None]] = {
        "arcface": lambda: ArcFace(classes, embedding, s, m, criterion),
        "subcenter": lambda: SubCenterArcFace(classes, embedding, s, m, settings.k, criterion),
        "cosface": lambda: CosFace(classes, embedding, s, m, criterion),
        "curricularface": lambda: CurricularFace(classes, embedding, s, m, criterion),
        "adacos": lambda: AdaCos(classes, embedding, criterion),
        "none": lambda: None,
    }
    return heads[settings.head]()


def _pair_loss(settings: LossSettings) -> PairLoss | None:
    losses: dict[str, Callable[[], PairLoss | None]] = {
        "triplet": lambda: Triplet(settings.triplet_margin),
        "supcon": lambda: SupCon(settings.temperature),
        "ntxent": lambda: NTXent(settings.temperature),
        "circle": lambda: Circle(settings.circle_margin, settings.circle_gamma),
        "none": lambda: None,
    }
    return losses[settings.pair_loss]()
