"""Settings of the matching trainer's loss: a head over groups, a loss of pairs, or both."""

from __future__ import annotations

from dataclasses import dataclass

from trainers.configs.torch_config import TorchConfig
from trainers.contract import InputError, option

HEADS = ("arcface", "subcenter", "adacos", "curricularface", "cosface", "none")
PAIR_LOSSES = ("none", "triplet", "supcon", "ntxent", "circle")

# A triplet loss holds this many rows cubed, a few times: two gigabytes.
MOST_TRIPLET_ROWS = 512

# Which settings the pair losses have, each by what it is of.
_OF_PAIR_LOSS = {
    "triplet_margin": ("triplet",),
    "temperature": ("supcon", "ntxent"),
    "circle_margin": ("circle",),
    "circle_gamma": ("circle",),
}


@dataclass(frozen=True, kw_only=True)
class LossSettings(TorchConfig):
    """What tells groups apart in training."""

    head: str = option("arcface", "loss head; none needs a pair_loss", choices=HEADS)
    s: float = option(32.0, "scale of the head's logits", low=1.0, high=512.0)
    m: float = option(
        0.5,
        "angular margin of ArcFace, subcenter and CurricularFace in radians; CosFace takes it off the cosine",
        low=0.0,
        high=1.5,
    )
    k: int = option(3, "centers of each class in subcenter", low=1, high=64)
    criterion: str = option("cross_entropy", "what a head's logits are judged by", choices=("cross_entropy", "focal"))
    focal_gamma: float = option(2.0, "how much the focal loss turns to what is not known yet", low=0.0, high=10.0)
    focal_alpha: float = option(0.25, "factor of the focal loss", low=0.001, high=10.0)
    pair_loss: str = option("none", "loss of the pairs of a batch, on embeddings", choices=PAIR_LOSSES)
    pair_weight: float = option(1.0, "weight of the pair loss beside a head's", low=0.001, high=1_000.0)
    miner: str = option(
        "none", "which pairs a pair loss looks at; none takes all", choices=("none", "multi_similarity")
    )
    miner_epsilon: float = option(0.1, "how near to the other kind a pair is kept by the miner", low=0.0, high=2.0)
    triplet_margin: float = option(0.2, "by how much a triplet's squared distances are to differ", low=0.0, high=4.0)
    temperature: float = option(0.1, "temperature of SupCon and NT-Xent", low=0.001, high=10.0)
    circle_margin: float = option(0.4, "margin of the circle loss", low=0.0, high=1.0)
    circle_gamma: float = option(80.0, "scale of the circle loss", low=1.0, high=1_024.0)
    group_rows: int = option(4, "rows of a group that stand together in a batch, with a pair loss", low=2, high=1_024)

    def ineffective(self) -> dict[str, str]:
        """What the head and the pair loss leave without effect."""
        reasons = super().ineffective()
        if self.head == "none":
            reasons |= dict.fromkeys(("s", "m", "k", "criterion", "focal_gamma", "focal_alpha"), "there is no head")
            reasons["pair_weight"] = "the pair loss is the whole loss"
        elif self.head == "adacos":
            reasons |= dict.fromkeys(("s", "m"), "AdaCos sets its own scale and has no margin")
        if self.head not in ("subcenter", "none"):
            reasons["k"] = f"{self.head} has one center a class"
        if self.criterion != "focal":
            reasons |= dict.fromkeys(("focal_gamma", "focal_alpha"), "the criterion is cross-entropy")
        return reasons | self._of_pairs()

    def _of_pairs(self) -> dict[str, str]:
        if self.pair_loss == "none":
            names = ("pair_weight", "miner", "miner_epsilon", "group_rows", *_OF_PAIR_LOSS)
            return dict.fromkeys(names, "there is no pair loss")
        others = [name for name, losses in _OF_PAIR_LOSS.items() if self.pair_loss not in losses]
        reasons = dict.fromkeys(others, f"{self.pair_loss} does not have it")
        if self.miner == "none":
            reasons["miner_epsilon"] = "there is no miner"
        return reasons


def check_losses(settings: LossSettings, batch_size: int, largest_group: int) -> None:
    """Raises `InputError` where there would be no loss, no pair to learn from, or no room for all triplets.

    `largest_group` is how many training rows there are of the group with most.
    """
    if settings.pair_loss == "none":
        if settings.head == "none":
            raise InputError("head = none leaves nothing to learn from; choose a pair_loss or a head")
        return
    if largest_group < 2:
        raise InputError(
            f"pair_loss = {settings.pair_loss}, but no group that is trained on has two postings; use pair_loss = none"
        )
    if batch_size < 2 * settings.group_rows:
        raise InputError(
            f"batch_size = {batch_size} has no room for two groups of group_rows = {settings.group_rows}; "
            f"raise batch_size to {2 * settings.group_rows} or lower group_rows"
        )
    if settings.pair_loss == "triplet" and batch_size > MOST_TRIPLET_ROWS:
        raise InputError(
            f"batch_size = {batch_size} has too many triplets to hold; give at most {MOST_TRIPLET_ROWS}, "
            "or take another pair_loss"
        )
