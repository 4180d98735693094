"""Settings of the matching trainer's data: what is held out, how pictures are shown, and how matches are judged."""

from __future__ import annotations

from dataclasses import dataclass

from trainers.configs.torch_config import TorchConfig
from trainers.contract import InputError, option

_SMALLEST, _LARGEST = 8, 2_048  # pixels
_FEWEST = 2  # candidates
_FOUND = ("parity", "file")


@dataclass(frozen=True, kw_only=True)
class DataSettings(TorchConfig):
    """Which postings are learnt from and judged on, and as what."""

    image_size: int | None = option(
        None,
        "height and width of the images in pixels; none takes 16 for the digits and 64 for photos",
        low=_SMALLEST,
        high=_LARGEST,
    )
    progressive: str = option(
        "", "image sizes that training goes through, as 96,128,160; validation is at the last; empty is image_size only"
    )
    progressive_every: int = option(2, "epochs at each of these sizes but the last", low=1, high=1_000)
    augment: str = option(
        "none",
        "light mirrors and crops training photos; full also compresses, moves and cuts holes",
        choices=("none", "light", "full"),
    )
    tokens: int = option(128, "tokens, or n-grams, read of each title", low=4, high=8_192)
    holdout: str = option(
        "groups",
        "what validation has not seen: whole groups; rows of groups that are trained on; the groups last by name "
        "(unseen); half of each (mixed); even or odd groups (parity); or the column fold of the table (file)",
        choices=("groups", "rows", "unseen", "mixed", "parity", "file"),
    )
    folds: int = option(5, "folds into which groups or rows are dealt", low=2, high=1_000)
    fold: int = option(0, "the fold that is validated on, counted from 0", low=0, high=999)
    distance: str = option("cosine", "how embeddings are compared", choices=("cosine", "euclid"))
    galleries: str = option(
        "", "numbers of candidates, as 1000,10000,70000, that row F1 is also estimated for; empty is none"
    )
    at_least: int = option(1, "matches given to each posting of a submission, itself included", low=1, high=50)
    merge: str = option(
        "none",
        "what postings share that match in a submission whatever their similarity",
        choices=("none", "phash", "title", "phash+title"),
    )
    num_workers: int = option(0, "processes that load batches beside the training process", low=0, high=256)

    @property
    def image_sizes(self) -> tuple[int, ...]:
        """The sizes of training, in their order. Raises `InputError`."""
        if not self.progressive:
            return (self.image_size or (64 if self.data else 16),)
        return _numbers("progressive", self.progressive)

    @property
    def pixels(self) -> int:
        """The image size in the end, chosen to fit the data where it was left open. Raises `InputError`."""
        return self.image_sizes[-1]

    @property
    def gallery_sizes(self) -> tuple[int, ...]:
        """The numbers of candidates that row F1 is estimated for. Raises `InputError`."""
        return _numbers("galleries", self.galleries) if self.galleries else ()

    @property
    def merged(self) -> tuple[str, ...]:
        """What is merged by."""
        return () if self.merge == "none" else tuple(self.merge.split("+"))

    def ineffective(self) -> dict[str, str]:
        """What the course of image sizes and the way of holding out leave without effect."""
        reasons = super().ineffective()
        if self.progressive:
            reasons["image_size"] = "progressive names the sizes"
        if "," not in self.progressive:
            reasons["progressive_every"] = "all epochs have one image size"
        if self.holdout in _FOUND:
            reasons["folds"] = f"holdout = {self.holdout} finds its folds"
        if not self.data:
            reasons |= dict.fromkeys(("at_least", "merge"), "the built-in digits have no test postings")
        return reasons


def check_data(settings: DataSettings) -> None:
    """Raises `InputError` for lists of numbers that are none, or that make no sense."""
    sizes = settings.image_sizes
    if list(sizes) != sorted(set(sizes)) or not _SMALLEST <= sizes[0] <= sizes[-1] <= _LARGEST:
        raise InputError(
            f"progressive = {settings.progressive!r} is not allowed: give growing sizes from {_SMALLEST} to {_LARGEST}"
        )
    if any(size < _FEWEST for size in settings.gallery_sizes):
        raise InputError(f"galleries = {settings.galleries!r} is not allowed: give numbers from {_FEWEST} on")


def _numbers(name: str, text: str) -> tuple[int, ...]:
    """Whole numbers with commas between them. Raises `InputError`."""
    parts = [part.strip() for part in text.split(",")]
    if not all(part.isdecimal() and len(part) < 10 for part in parts):
        raise InputError(f"{name} = {text[:80]!r} is not allowed: give whole numbers with commas between them")
    return tuple(int(part) for part in parts)
