"""Ways to look at held-out rows that must not change what a model says of any of them.

A model whose answer for a row depends on the rows around it, on their order, or on labels scores what it could not
score on new data. So an evaluation takes a `View`, and whoever checks it compares what it says under several.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import Tensor
from torch.utils.data import DataLoader

from trainers.devices.team import Team

if TYPE_CHECKING:
    from trainers.data.batches import Batch

# What columns with labels are called, unless a task says otherwise.
LABELS = ("label", "labels", "target", "targets")
_SEED = 2021


@dataclass
class Witness:
    """What an evaluation really did: so many batches and rows, columns in place of which it got zeros, and outputs.

    Each of the `outputs` has the shape (rows, …), on the host, in the order of the rows.
    """

    batches: int = 0
    rows: int = 0
    withheld: set[str] = field(default_factory=set)
    outputs: list[Tensor] = field(default_factory=list)


@dataclass(frozen=True)
class View:
    """How rows are visited; the default is what training does, and costs nothing.

    With `shuffled` they come in a random order that is always the same, and results are put back into their places.
    `alone` rows, drawn at random, come in batches of one. Columns in `withheld` hold zeros.
    """

    shuffled: bool = False
    alone: int = 0
    withheld: tuple[str, ...] = ()
    witness: Witness | None = field(default=None, compare=False)

    @property
    def is_plain(self) -> bool:
        """Whether rows come as they are."""
        return not (self.shuffled or self.alone or self.withheld)

    def batches(self, rows: int, batch_size: int) -> list[list[int]]:
        """The places of the rows of each batch."""
        random = np.random.default_rng(_SEED)
        places = random.permutation(rows) if self.shuffled else np.arange(rows)
        alone = random.choice(rows, min(self.alone, rows), replace=False)
        together = places[~np.isin(places, alone)].tolist()
        found: list[list[int]] = [together[start : start + batch_size] for start in range(0, len(together), batch_size)]
        return found + [[place] for place in alone.tolist()]

    def over(self, loader: DataLoader[Batch], team: Team | None = None) -> Look:
        """The share that this process of a team has in the batches of a loader with a fixed `batch_size`."""
        return Look(self, loader, team or Team())

    def in_place(self, outputs: Tensor, batches: list[list[int]]) -> Tensor:
        """Outputs (rows, …) in the order in which `batches` visited the rows, put into the order of the rows."""
        if not self.is_plain:
            order = torch.tensor([place for places in batches for place in places], device=outputs.device)
            outputs = torch.empty_like(outputs).index_copy_(0, order, outputs)
        if self.witness is not None:
            self.witness.batches += len(batches)
            self.witness.rows += len(outputs)
            self.witness.outputs.append(outputs.detach().float().cpu().flatten(1))
        return outputs


PLAIN = View()


class Look:
    """One pass over a process's share of a loader's batches under a view."""

    def __init__(self, view: View, loader: DataLoader[Batch], team: Team) -> None:
        self._view = view
        self._loader = loader
        self._team = team
        rows = len(loader.dataset)  # type: ignore[arg-type]
        self._batches = view.batches(rows, loader.batch_size or 1)

    def __iter__(self) -> Iterator[Batch]:
        if self._view.is_plain and self._team.size == 1:
            yield from self._loader
            return
        seen: DataLoader[Batch] = DataLoader(
            self._loader.dataset, batch_sampler=self._team.share(self._batches), collate_fn=self._loader.collate_fn
        )
        for batch in seen:
            yield {name: self._seen(name, column) for name, column in batch.items()}

    def in_place(self, outputs: Tensor) -> Tensor:
        """The outputs of all batches of all processes, along the first dimension, in the order of the rows."""
        return self._view.in_place(outputs, self._batches)

    def _seen(self, name: str, column: Tensor) -> Tensor:
        if name not in self._view.withheld:
            return column
        if self._view.witness is not None:
            self._view.witness.withheld.add(name)
        return torch.zeros_like(column)
