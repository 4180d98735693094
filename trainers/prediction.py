"""Has a model look at rows that are not trained on, by all processes together."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from trainers.data.batches import Batch, evaluation_loader, to_device
from trainers.data.texts import Texts, Tokens
from trainers.devices.base import Device
from trainers.view import PLAIN, View


@torch.inference_mode()
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
    pieces = []
    look = view.over(evaluation_loader(Texts(rows[team.rank :: team.size], tokens), batch_size))
    for batch in look:
        with device.autocast(precision):
            scores = score(to_device(batch, device))
        pieces.append(scores.float())
        device.step_end()
    # Device sync: all predictions come to the host.
    mine = look.in_place(torch.cat(pieces).cpu()) if pieces else torch.empty(0)
    shares = team.gather(mine)
    whole = np.empty((len(rows), *shares[0].shape[1:]), dtype=np.float32)
    for rank, share in enumerate(shares):
        whole[rank :: team.size] = share.numpy().reshape(-1, *whole.shape[1:])
    return whole
