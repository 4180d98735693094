"""Pictures as training sees them: augmented anew in every epoch, and larger in later epochs if that is wanted."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn.functional import interpolate

from trainers.contract import Scalar
from trainers.data.batches import Batch, Columns, Pictures, Places, Postings
from trainers.data.picture_augmentation import augment, source_size


class ChangingPictures:
    """`at(rows, epoch)` gives these rows as they are in that epoch, uint8 (rows, 3, size, size).

    What chance does to a picture follows from seed, epoch and row, so that neither the worker process nor going on in
    the middle of an epoch matters. The size is that of `sizes` number `epoch // every`, and from then on the last one.
    `pictures` are of `source_size(how, sizes[-1])`.
    """

    def __init__(self, pictures: Pictures, sizes: Sequence[int], every: int, how: str, seed: int) -> None:
        self._pictures = pictures
        self.sizes = tuple(sizes)
        self.every = every
        self.how = how
        self._seed = seed

    def size(self, epoch: int) -> int:
        return self.sizes[min(epoch // self.every, len(self.sizes) - 1)]

    def at(self, rows: Sequence[int], epoch: int) -> Tensor:
        size = self.size(epoch)
        pictures = resized(self._pictures(rows), source_size(self.how, size))
        if self.how == "none":
            return pictures
        arrays = pictures.permute(0, 2, 3, 1).contiguous().numpy()
        changed = [
            augment(array, size, self.how, np.random.default_rng((self._seed, epoch, row)))
            for array, row in zip(arrays, rows, strict=True)
        ]
        return torch.from_numpy(np.stack(changed)).permute(0, 3, 1, 2).contiguous()


class CentredPictures:
    """The middle of pictures that are larger than needed, for evaluation of what was trained on crops."""

    def __init__(self, pictures: Pictures, size: int) -> None:
        self._pictures = pictures
        self.size = size

    def __call__(self, rows: Sequence[int]) -> Tensor:
        pictures = self._pictures(rows)
        start = (pictures.shape[-1] - self.size) // 2
        return pictures[:, :, start : start + self.size, start : start + self.size].contiguous()


class TrainingPostings(Postings):
    """Postings whose pictures change from epoch to epoch."""

    def __init__(
        self,
        rows: NDArray[np.int64],
        columns: Mapping[str, Columns],
        images: ChangingPictures | None = None,
    ) -> None:
        super().__init__(rows, columns)
        self.images = images

    def __getitems__(self, places: Sequence[int]) -> Batch:
        batch = super().__getitems__(places)
        if self.images is None:
            return batch
        epoch = places.epoch if isinstance(places, Places) else 0
        rows: list[int] = self._rows[list(places)].tolist()
        return {"image": self.images.at(rows, epoch)} | batch


def picture_settings(pictures: ChangingPictures | None, image_size: int) -> dict[str, Scalar]:
    """How pictures are really shown, read from what shows them; none where postings have no pictures."""
    if pictures is None:
        return {}
    settings: dict[str, Scalar] = {"image_size": image_size, "augment": pictures.how}
    if len(pictures.sizes) > 1:
        settings |= {"progressive": ",".join(map(str, pictures.sizes)), "progressive_every": pictures.every}
    return settings


def resized(pictures: Tensor, size: int) -> Tensor:
    """Pictures, uint8 (rows, 3, height, width), squeezed to `size` with antialiasing; the same ones if they have it."""
    if pictures.shape[-1] == size:
        return pictures
    return interpolate(pictures, (size, size), mode="bilinear", antialias=True)
