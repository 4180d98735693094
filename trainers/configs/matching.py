"""Settings of the product-matching trainer and the check of its data."""

from __future__ import annotations

from dataclasses import dataclass

from trainers.contract import Trainer, TrainerConfig, option

_SAME = "; none means the same as lr"


@dataclass(frozen=True, kw_only=True)
class MatchingConfig(TrainerConfig):
    """An image branch, a text branch, their fusion into one embedding, and a head that tells groups apart by angle."""

    modalities: str = option(
        "auto",
        "what a posting is seen by; auto uses titles where there are any",
        choices=("auto", "image", "text", "image+text"),
    )
    head: str = option("arcface", "loss head", choices=("arcface", "adacos"))
    s: float = option(32.0, "scale of the ArcFace logits", low=1.0, high=512.0)
    m: float = option(0.5, "angular margin of ArcFace in radians", low=0.0, high=1.5)
    lr: float = option(5e-4, "learning rate of AdamW", low=0.0, high=10.0, steerable=True)
    image_lr: float | None = option(
        None, f"learning rate of the image branch{_SAME}", low=0.0, high=10.0, steerable=True
    )
    text_lr: float | None = option(None, f"learning rate of the text branch{_SAME}", low=0.0, high=10.0, steerable=True)
    head_lr: float | None = option(
        None, f"learning rate of fusion and loss head{_SAME}", low=0.0, high=10.0, steerable=True
    )
    weight_decay: float = option(0.01, "weight decay of AdamW", low=0.0, high=10.0, steerable=True)
    scheduler: str = option("none", "course of the learning rates", choices=("none", "cosine", "plateau"))
    batch_size: int = option(16, "postings per step and process", low=2, high=65_536)
    embedding: int = option(128, "dimensions of the embedding", low=2, high=16_384)
    dropout: float = option(0.1, "dropout after each branch", low=0.0, high=0.95)
    image_model: str = option(
        "small", "small is a convolutional net of this package; else a transformers model or folder"
    )
    image_size: int | None = option(
        None,
        "height and width of the images in pixels; none takes 16 for the digits and 64 for photos",
        low=8,
        high=2_048,
    )
    text_model: str = option("ngrams", "ngrams are hashed character n-grams; else a transformers model or folder")
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
        """What the head or the missing modality leaves without effect."""
        reasons: dict[str, str] = {}
        if self.head == "adacos":
            reasons |= dict.fromkeys(("s", "m"), "AdaCos sets its own scale and has no margin")
        if self.modalities == "image" or (self.modalities == "auto" and not self.data):
            reasons |= dict.fromkeys(("text_model", "text_lr", "tokens"), "there is no text branch")
        if self.modalities == "text":
            reasons |= dict.fromkeys(("image_model", "image_lr", "image_size"), "there is no image branch")
        return reasons


def check(config: MatchingConfig) -> None:
    """Reads the table, deals the folds and looks at every image. Raises `InputError`; does not load torch."""
    from trainers.data.matching import load_products, split

    products = load_products(config.data)
    parts = split(products, config)
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
