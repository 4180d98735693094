"""Settings of the product-matching trainer and the check of its data."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

from trainers.contract import Trainer
from trainers.settings.matching_data import DataSettings, check_data
from trainers.settings.matching_losses import LossSettings, check_losses
from trainers.settings.matching_network import NetworkSettings, check_network
from trainers.settings.matching_rates import RateSettings

if TYPE_CHECKING:
    from trainers.data.matching import Split

_PICTURES = ("augment", "progressive", "progressive_every", "cache")


@dataclass(frozen=True, kw_only=True)
class MatchingConfig(RateSettings, NetworkSettings, LossSettings, DataSettings):
    """Branches and their fusion into one embedding, a loss that tells groups apart, and the data of both."""

    def ineffective(self) -> dict[str, str]:
        """What other settings leave without effect."""
        reasons = super().ineffective()
        if not self.may_have_text:
            reasons["text_lr"] = "there is no text branch"
        if not self.has_image:
            reasons |= dict.fromkeys(("image_lr", *_PICTURES), "there is no image branch")
        groups = [name for name in ("image", "text", "head") if f"{name}_lr" not in reasons]
        if all(self.own_rate(name) is not None for name in groups):
            reasons["lr"] = "each module has a rate of its own"
        return reasons


def check(config: MatchingConfig) -> None:
    """Reads the tables, deals the folds and looks at every image. Raises `InputError`; does not load torch."""
    from trainers.data.matching import load_products, load_test_products, split

    check_data(config)
    products, test = load_products(config.data), load_test_products(config.data)
    parts = split(products, config)
    check_fit(config, parts)
    if config.data and "image" in parts.modalities:
        from trainers.data.images import check_images

        for postings in filter(None, (products, test)):
            check_images(postings.images)


def check_fit(config: MatchingConfig, parts: Split) -> None:
    """Raises `InputError` where settings of loss or network do not fit each other or the data."""
    sizes = Counter(parts.groups[parts.train].tolist())
    check_losses(config, config.batch_size, largest_group=max(sizes.values()))
    check_network(config, parts.modalities)


TRAINER = Trainer(
    name="matching",
    summary="finds postings of the same product by photo and title (ArcFace embeddings, row F1)",
    config=MatchingConfig,
    metrics=dict.fromkeys(("row_f1", "precision", "recall", "row_f1_min2"), "maximize"),
    recipe="trainers.matching:train",
    check=check,
    preload=(
        "torch",
        "scipy.ndimage",
        "pandas",
        "PIL.JpegImagePlugin",
        "PIL.PngImagePlugin",
        "trainers.matching",
    ),
)
