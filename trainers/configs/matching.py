"""Settings of the product-matching trainer and the check of its data."""

from __future__ import annotations

from dataclasses import dataclass

from trainers.contract import Trainer, option
from trainers.settings.matching_losses import LossSettings, check_losses
from trainers.settings.matching_network import NetworkSettings, check_network
from trainers.settings.matching_rates import RateSettings


@dataclass(frozen=True, kw_only=True)
class MatchingConfig(RateSettings, NetworkSettings, LossSettings):
    """Branches and their fusion into one embedding, a loss that tells groups apart, and the data of both."""

    image_size: int | None = option(
        None,
        "height and width of the images in pixels; none takes 16 for the digits and 64 for photos",
        low=8,
        high=2_048,
    )
    tokens: int = option(128, "tokens, or n-grams, read of each title", low=4, high=8_192)
    holdout: str = option(
        "groups",
        "what validation has not seen: whole groups, or rows of groups that are trained on",
        choices=("groups", "rows"),
    )
    folds: int = option(5, "folds into which groups or rows are dealt", low=2, high=1_000)
    fold: int = option(0, "the fold that is validated on, counted from 0", low=0, high=999)
    num_workers: int = option(0, "processes that load batches beside the training process", low=0, high=256)

    @property
    def pixels(self) -> int:
        """The image size, chosen to fit the data where it was left open."""
        return self.image_size or (64 if self.data else 16)

    def ineffective(self) -> dict[str, str]:
        """What other settings leave without effect."""
        reasons = super().ineffective()
        if not self.may_have_text:
            reasons["text_lr"] = "there is no text branch"
        if not self.has_image:
            reasons["image_lr"] = "there is no image branch"
        groups = [name for name in ("image", "text", "head") if f"{name}_lr" not in reasons]
        if all(self.own_rate(name) is not None for name in groups):
            reasons["lr"] = "each module has a rate of its own"
        return reasons


def check(config: MatchingConfig) -> None:
    """Reads the table, deals the folds and looks at every image. Raises `InputError`; does not load torch."""
    from trainers.data.matching import load_products, split

    check_losses(config, config.batch_size)
    products = load_products(config.data)
    parts = split(products, config)
    check_network(config, parts.modalities)
    if config.data and "image" in parts.modalities:
        from trainers.data.images import check_images

        check_images(products.images)


TRAINER = Trainer(
    name="matching",
    summary="finds postings of the same product by photo and title (ArcFace embeddings, row F1)",
    config=MatchingConfig,
    metrics={"row_f1": "maximize", "precision": "maximize", "recall": "maximize"},
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
