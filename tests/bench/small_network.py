"""A small convolutional network whose step takes as long as wanted on whatever it runs on."""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import partial

import torch
from torch import Tensor, nn
from torch.nn import functional as F

CLASSES = 10
PIXELS = 32
STEP_SECONDS = 0.0185  # of the quickest; others last a little longer, which makes 50 to 54 a second
LARGEST = 1 << 17  # rows of a batch
TRIES = 10


class SmallNetwork(nn.Module):
    """60,000 parameters in two groups, `body` and `head`."""

    def __init__(self) -> None:
        super().__init__()
        self.body = nn.Sequential(
            nn.Conv2d(3, 32, 3, padding=1),
            nn.ReLU(),
            nn.Conv2d(32, 64, 3, stride=2, padding=1),
            nn.ReLU(),
            nn.Conv2d(64, 64, 3, stride=2, padding=1),
            nn.ReLU(),
        )
        self.head = nn.Linear(64, CLASSES)

    def forward(self, images: Tensor, labels: Tensor) -> dict[str, Tensor]:
        """The loss and two scores, as 0-d tensors."""
        logits = self.head(self.body(images).mean((2, 3))).float()
        sure, guess = logits.detach().softmax(1).max(1)
        return {
            "loss": F.cross_entropy(logits, labels),
            "accuracy": (guess == labels).float().mean(),
            "confidence": sure.mean(),
        }

    def parameter_groups(self) -> dict[str, list[nn.Parameter]]:
        return {"body": list(self.body.parameters()), "head": list(self.head.parameters())}


def batch_of(rows: int, device: torch.device) -> dict[str, Tensor]:
    """Random pictures and labels, the same ones every time."""
    source = torch.Generator().manual_seed(0)
    images = torch.rand(rows, 3, PIXELS, PIXELS, generator=source)
    labels = torch.randint(CLASSES, (rows,), generator=source)
    return {"images": images.to(device), "labels": labels.to(device)}


def rows_for(step: Callable[[dict[str, Tensor]], object], device: torch.device, wait: Callable[[], None]) -> int:
    """How many rows a batch needs for a step of `STEP_SECONDS`."""

    def took(rows: int) -> float:
        batch = batch_of(rows, device)
        return min(_seconds(partial(step, batch), device, wait) for _ in range(TRIES))

    rows = 16
    while rows < LARGEST and took(rows) < STEP_SECONDS / 2:
        rows *= 2
    for _ in range(2):  # the second time from close by
        rows = max(1, round(rows * STEP_SECONDS / took(rows)))
    return rows


def _seconds(work: Callable[[], object], device: torch.device, wait: Callable[[], None]) -> float:
    """Of all cores together on a processor, where others may be at work, shared among the threads."""
    wait()
    began = time.perf_counter(), time.process_time()
    work()
    wait()
    wall, cpu = time.perf_counter() - began[0], time.process_time() - began[1]
    return cpu / torch.get_num_threads() if device.type == "cpu" else wall
