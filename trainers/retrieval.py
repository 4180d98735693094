"""Judges embeddings by retrieval on held-out groups, and keeps them."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path

import numpy as np
import torch
from torch import nn
from torch.utils.data import DataLoader

from trainers.data.batches import Batch, to_device
from trainers.devices.base import Device
from trainers.files import write_atomically
from trainers.metrics.row_f1 import row_f1
from trainers.view import PLAIN, View


class Retrieval:
    """Row F1 of a model's embeddings of some rows.

    `posting_ids` and `label_groups` belong to the rows of `batches`, which come in their order and without labels:
    an embedding that has seen its label finds its group by cheating.
    """

    def __init__(
        self,
        model: nn.Module,
        batches: DataLoader[Batch],
        posting_ids: Sequence[str],
        label_groups: Sequence[str],
        device: Device,
    ) -> None:
        self._model = model
        self._batches = batches
        self._device = device
        self._names = list(zip(posting_ids, label_groups, strict=True))
        self._groups = torch.from_numpy(np.unique(np.array(label_groups), return_inverse=True)[1])
        self._embeddings = torch.empty(0)

    @torch.inference_mode()
    def evaluate(self, view: View = PLAIN) -> dict[str, float]:
        """`row_f1`, `precision` and `recall` at the best `threshold`. The model is to be in evaluation mode."""
        pieces = []
        look = view.over(self._batches)
        for batch in look:
            pieces.append(self._model(to_device(batch, self._device)))
            self._device.step_end()
        # Device sync: all embeddings come to the host.
        self._embeddings = look.in_place(torch.cat(pieces).float().cpu())
        return asdict(row_f1(self._embeddings, self._groups))

    def write(self, folder: Path) -> Mapping[str, Path]:
        """`embeddings.npy`, float32 (rows, dimensions), with the postings beside it in `embeddings.csv`."""
        path = folder / "embeddings.npy"
        table = [("posting_id", "label_group"), *self._names]
        write_atomically(path.with_suffix(".csv"), lambda stream: stream.write(_csv(table)))
        write_atomically(path, lambda stream: np.save(stream, self._embeddings.numpy()))
        return {"embeddings": path}


def _csv(rows: Sequence[tuple[str, str]]) -> bytes:
    text = io.StringIO(newline="")
    csv.writer(text, lineterminator="\n").writerows(rows)
    return text.getvalue().encode()
