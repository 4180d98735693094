"""From pixels to features."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from trainers.contract import InputError, Scalar
from trainers.models.pooling import Pooling
from trainers.models.pretrained import load_pretrained


class SmallConvNet(nn.Module):
    """Three blocks of convolution, batch norm and ReLU, halving the picture each time, then pooling over places.

    Takes uint8 (rows, 3, size, size) and returns (rows, `features`).
    """

    def __init__(self, widths: tuple[int, ...] = (32, 64, 128), pooling: str = "mean") -> None:
        super().__init__()
        self.pooling = Pooling(pooling)
        self.features = self.pooling.widening * widths[-1]
        channels = (3, *widths)
        self.blocks = nn.Sequential(*(_block(channels[i], channels[i + 1]) for i in range(len(widths))))

    def settings(self) -> dict[str, Scalar]:
        """As it was built."""
        return {"image_pooling": self.pooling.kind}

    def forward(self, pixels: Tensor) -> Tensor:
        return _pooled(self.blocks(pixels.float() / 127.5 - 1.0), self.pooling)


class PretrainedImage(nn.Module):
    """Any image model of transformers, with the mean and deviation of colours it was trained with.

    Raises `InputError` when there is no such model or it wants pictures of another size.
    """

    mean: Tensor
    deviation: Tensor

    def __init__(self, name: str, image_size: int, pooling: str = "mean") -> None:
        super().__init__()
        from transformers import AutoModel

        self.pooling = Pooling(pooling)

        self.body = load_pretrained(AutoModel, name, "image_model")
        wanted = getattr(self.body.config, "image_size", image_size)
        if wanted != image_size:
            raise InputError(f"image_model {name!r} takes pictures of {wanted} pixels: set image_size={wanted}")
        mean, deviation = _colours(name)
        self.register_buffer("mean", torch.tensor(mean).view(1, 3, 1, 1))
        self.register_buffer("deviation", torch.tensor(deviation).view(1, 3, 1, 1))
        with torch.no_grad():
            self.features = int(self._pool(torch.zeros(1, 3, image_size, image_size)).shape[1])

    def settings(self) -> dict[str, Scalar]:
        """As it was built."""
        return {"image_pooling": self.pooling.kind}

    def forward(self, pixels: Tensor) -> Tensor:
        return self._pool((pixels.float() / 255.0 - self.mean) / self.deviation)

    def _pool(self, pixels: Tensor) -> Tensor:
        return _pooled(self.body(pixel_values=pixels).last_hidden_state, self.pooling)


def build_image_branch(name: str, image_size: int, pooling: str = "mean") -> SmallConvNet | PretrainedImage:
    """`small`, or a model of transformers by its name or folder, with a pooling of its own."""
    return SmallConvNet(pooling=pooling) if name == "small" else PretrainedImage(name, image_size, pooling)


def _pooled(hidden: Tensor, pooling: Pooling) -> Tensor:
    """Of (rows, places, features), as transformers have it, or (rows, features, y, x), as conv nets have it."""
    vectors: Tensor = pooling(hidden if hidden.dim() == 3 else hidden.flatten(2).transpose(1, 2))
    return vectors


def _block(inputs: int, outputs: int) -> nn.Sequential:
    convolution = nn.Conv2d(inputs, outputs, kernel_size=3, padding=1, bias=False)
    return nn.Sequential(convolution, nn.BatchNorm2d(outputs), nn.ReLU(), nn.MaxPool2d(2))


def _colours(name: str) -> tuple[list[float], list[float]]:
    """From the model's own preprocessing; models without one get the range -1 to 1."""
    from transformers.image_processing_base import ImageProcessingMixin

    try:
        settings, _ = ImageProcessingMixin.get_image_processor_dict(name)
    except (OSError, ValueError):
        settings = {}
    return settings.get("image_mean", [0.5] * 3), settings.get("image_std", [0.5] * 3)
