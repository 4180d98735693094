"""Networks that see spectrograms as pictures of one channel: a small one, and a residual one of 34 layers."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise

from torch import Tensor, nn
from torch.nn import functional as F

from trainers.contract import Scalar

HIDDEN = 128
SMALL_WIDTHS = (16, 32, 64, 128)
# Blocks of each stage, and their channels.
STAGES = ((3, 64), (4, 128), (6, 256), (3, 512))


class AudioNetwork(nn.Module):
    """One logit for each class, (rows, classes), of features (rows, frames, mels) of any length."""

    def __init__(self, model: str, head: str, classes: int) -> None:
        super().__init__()
        self.trunk, width = _TRUNKS[model]()
        self.head = _HEADS[head](width, classes)
        self.model_name, self.head_name = model, head
        self.apply(_initialise)

    def forward(self, features: Tensor) -> Tensor:
        logits: Tensor = self.head(self.trunk(features.float().transpose(1, 2).unsqueeze(1)))
        return logits

    def settings(self) -> dict[str, Scalar]:
        """What was built, read from the layers."""
        dropouts = [module.p for module in self.head.modules() if isinstance(module, nn.Dropout)]
        return {
            "model": self.model_name,
            "head": self.head_name,
            "head_layers": sum(isinstance(module, nn.Linear) for module in self.head.modules()),
            "dropout": max(dropouts, default=0.0),
            "convolutions": sum(isinstance(module, nn.Conv2d) for module in self.modules()),
            "parameters": sum(parameter.numel() for parameter in self.parameters()),
        }


class MeanAndMax(nn.Module):
    """Of maps (rows, channels, mels, frames) the means over bands: their mean and their maximum over time, added."""

    def forward(self, maps: Tensor) -> Tensor:
        over_time = maps.mean(2)
        return over_time.mean(2) + over_time.amax(2)


class BasicBlock(nn.Module):
    """Two convolutions of 3 × 3 beside a short cut (He et al. 2016), which is a convolution where shapes differ."""

    def __init__(self, given: int, channels: int, stride: int) -> None:
        super().__init__()
        self.first = _convolution(given, channels, 3, stride)
        self.first_norm = nn.BatchNorm2d(channels)
        self.second = _convolution(channels, channels, 3, 1)
        self.second_norm = nn.BatchNorm2d(channels)
        changes = stride != 1 or given != channels
        self.short_cut: nn.Module = (
            nn.Sequential(_convolution(given, channels, 1, stride), nn.BatchNorm2d(channels))
            if changes
            else nn.Identity()
        )

    def forward(self, maps: Tensor) -> Tensor:
        found = F.relu(self.first_norm(self.first(maps)))
        return F.relu(self.second_norm(self.second(found)) + self.short_cut(maps))


def _resnet34() -> tuple[nn.Sequential, int]:
    """A convolution of 7 × 7 and a maximum of 3 × 3, each halving the picture, then four stages (He et al. 2016)."""
    layers: list[nn.Module] = [
        _convolution(1, STAGES[0][1], 7, 2),
        nn.BatchNorm2d(STAGES[0][1]),
        nn.ReLU(),
        nn.MaxPool2d(3, stride=2, padding=1),
    ]
    given = STAGES[0][1]
    for stage, (blocks, channels) in enumerate(STAGES):
        for block in range(blocks):
            layers.append(BasicBlock(given, channels, 2 if stage > 0 and block == 0 else 1))
            given = channels
    return nn.Sequential(*layers, nn.AdaptiveAvgPool2d(1), nn.Flatten()), given


def _small() -> tuple[nn.Sequential, int]:
    """Each layer halves the picture: the first by its stride, which is cheaper, the others by the larger of two."""
    layers: list[nn.Module] = [_convolution(1, SMALL_WIDTHS[0], 5, 2), nn.BatchNorm2d(SMALL_WIDTHS[0]), nn.ReLU()]
    for given, channels in pairwise(SMALL_WIDTHS):
        # The maximum comes first: norm and ReLU then have a quarter of the work, and all but the same result.
        halved, norm = nn.MaxPool2d(2, ceil_mode=True), nn.BatchNorm2d(channels)
        layers += [_convolution(given, channels, 3, 1), halved, norm, nn.ReLU()]
    return nn.Sequential(*layers, MeanAndMax()), SMALL_WIDTHS[-1]


def _convolution(given: int, channels: int, size: int, stride: int) -> nn.Conv2d:
    return nn.Conv2d(given, channels, size, stride=stride, padding=size // 2, bias=False)


def _linear_head(width: int, classes: int) -> nn.Module:
    return nn.Linear(width, classes)


def _dropout_head(width: int, classes: int) -> nn.Module:
    return nn.Sequential(nn.Linear(width, HIDDEN), nn.ReLU(), nn.Dropout(0.6), nn.Linear(HIDDEN, classes))


def _prelu_head(width: int, classes: int) -> nn.Module:
    return nn.Sequential(
        nn.Dropout(0.5),
        nn.Linear(width, HIDDEN),
        nn.PReLU(),
        nn.BatchNorm1d(HIDDEN),
        nn.Dropout(0.1),
        nn.Linear(HIDDEN, classes),
    )


def _initialise(module: nn.Module) -> None:
    """Convolutions as He et al. 2015 have it; norms begin as the identity, which is torch's own beginning."""
    if isinstance(module, nn.Conv2d):
        nn.init.kaiming_normal_(module.weight, mode="fan_out", nonlinearity="relu")


_TRUNKS: dict[str, Callable[[], tuple[nn.Sequential, int]]] = {"small": _small, "resnet34": _resnet34}
_HEADS: dict[str, Callable[[int, int], nn.Module]] = {
    "linear": _linear_head,
    "dropout": _dropout_head,
    "prelu": _prelu_head,
}
