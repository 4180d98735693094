"""From pixels to features."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from trainers.contract import InputError
from trainers.models.pretrained import load_pretrained


class SmallConvNet(nn.Module):
    """Three blocks of convolution, batch norm and ReLU, halving the picture each time, then the mean over places.

    Takes uint8 (rows, 3, size, size) and returns (rows, `features`).
    """

    def __init__(self, widths: tuple[int, ...] = (32, 64, 128)) -> None:
        super().__init__()
        self.features = widths[-1]
        channels = (3, *widths)
        self.blocks = nn.Sequential(*(_block(channels[i], channels[i + 1]) for i in range(len(widths))))

    def forward(self, pixels: Tensor) -> Tensor:
        maps: Tensor = self.blocks(pixels.float() / 127.5 - 1.0)
        return maps.mean(dim=(2, 3))


class PretrainedImage(nn.Module):
    """Any image model of transformers, with the mean and deviation of colours it was trained with.

    Raises `InputError` when there is no such model or it wants pictures of another size.
    """

    mean: Tensor
    deviation: Tensor

    def __init__(self, name: str, image_size: int) -> None:
        super().__init__()
        from transformers import AutoModel

        self.body = load_pretrained(AutoModel, name, "image_model")
        wanted = getattr(self.body.config, "image_size", image_size)
        if wanted != image_size:
            raise InputError(f"image_model {name!r} takes pictures of {wanted} pixels: set image_size={wanted}")
        mean, deviation = _colours(name)
        self.register_buffer("mean", torch.tensor(mean).view(1, 3, 1, 1))
        self.register_buffer("deviation", torch.tensor(deviation).view(1, 3, 1, 1))
        with torch.no_grad():
            self.features = int(self._pool(torch.zeros(1, 3, image_size, image_size)).shape[1])

    def forward(self, pixels: Tensor) -> Tensor:
        return self._pool((pixels.float() / 255.0 - self.mean) / self.deviation)

    def _pool(self, pixels: Tensor) -> Tensor:
        """The mean over places: (rows, places, features) of transformers, (rows, features, y, x) of conv nets."""
        hidden: Tensor = self.body(pixel_values=pixels).last_hidden_state
        return hidden.mean(dim=1) if hidden.dim() == 3 else hidden.mean(dim=(2, 3))


def build_image_branch(name: str, image_size: int) -> SmallConvNet | PretrainedImage:
    """`small`, or a model of transformers by its name or folder."""
    return SmallConvNet() if name == "small" else PretrainedImage(name, image_size)


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
