"""Has a model look at rows that are not trained on, by all processes together."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from trainers.data.batches import Batch, evaluation_loader
from trainers.data.texts import Texts, Tokens
from trainers.devices.base import Device
from trainers.outputs import Outputs, visit
from trainers.view import PLAIN, View


@torch.no_grad()
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

    Each process looks at every so manieth row, and all get the whole. The model is to be in evaluation mode.
    """
    team = device.team
    outputs = Outputs(device)
    look = view.over(evaluation_loader(Texts(rows[team.rank :: team.size], tokens), batch_size))
    for batch, count in visit(look, batch_size, device, view.alone > 0):
        with device.autocast(precision):
            scores = score(batch)
        outputs.add(scores, count)
    # Device sync: all predictions come to the host.
    mine = look.in_place(outputs.on_host()) if len(outputs) else torch.empty(0)
    shares = team.gather(mine)
    whole = np.empty((len(rows), *shares[0].shape[1:]), dtype=np.float32)
    for rank, share in enumerate(shares):
        whole[rank :: team.size] = share.numpy().reshape(-1, *whole.shape[1:])
    return whole
