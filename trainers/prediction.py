"""Has a model look at rows that are not trained on, by all processes together."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.utils.data import DataLoader

from trainers.data.batches import Batch, evaluation_loader
from trainers.data.texts import Texts, Tokens
from trainers.devices.base import Device
from trainers.outputs import Outputs, visit
from trainers.view import PLAIN, View


@torch.no_grad()
def outputs_of(
    model: Callable[[Batch], Mapping[str, Tensor]],
    loader: DataLoader[Batch],
    device: Device,
    view: View = PLAIN,
    precision: str = "fp32",
) -> dict[str, Tensor]:
    """What a model says of all rows of a loader, by name: float32 (rows, …) on the host, in the order of the rows.

    The processes take turns at the batches that one process would see, so that no bit depends on how many there are,
    and all get the whole. The loader has a fixed `batch_size`; the model is to be in evaluation mode.
    """
    outputs = Outputs(device)
    look = view.over(loader, device.team)
    for batch, count in visit(look, loader.batch_size or 1, device, view.alone > 0):
        with device.autocast(precision):
            found = model(batch)
        outputs.add(found, count)
    # Device sync: all outputs come to the host.
    return {name: look.in_place(rows) for name, rows in outputs.on_host().items()}


def predict(
    score: Callable[[Batch], Tensor],
    rows: NDArray[np.int64],
    tokens: Tokens,
    device: Device,
    batch_size: int,
    view: View = PLAIN,
    precision: str = "fp32",
) -> NDArray[np.float32]:
    """What `score` says of these rows of texts, in their order: (rows, columns) of a batch's (rows, columns).

    All processes share the work and get the whole. The model is to be in evaluation mode.
    """
    loader = evaluation_loader(Texts(rows, tokens), batch_size)
    found = outputs_of(lambda batch: {"scores": score(batch)}, loader, device, view, precision)
    scores: NDArray[np.float32] = found["scores"].numpy()
    return scores
