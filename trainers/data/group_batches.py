"""Batches in which postings of one group stand together, so that a loss of pairs has positives in each."""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from trainers.data.texts import TextOrder
from trainers.devices.team import Team


class GroupOrder(TextOrder):
    """Places of all rows by group: `group_rows` of one group side by side, in a new order on every pass.

    Each row comes once a pass, so a group is cut into pieces, other ones each time, and pieces are shuffled. What is
    left of a group makes a smaller piece, or one row more in the one before where it would be alone. A batch takes as
    many rows as any other and so about batch_size / group_rows groups; a piece may be cut by the end of a batch.

    `groups` are the group numbers of the rows, shape (rows,).
    """

    def __init__(
        self,
        groups: NDArray[np.int64],
        group_rows: int,
        batch_size: int,
        order: torch.Generator,
        team: Team | None = None,
    ) -> None:
        super().__init__(len(groups), batch_size, order, team)
        self.group_rows = group_rows
        self._groups = torch.from_numpy(np.unique(groups, return_inverse=True)[1])
        self._sizes = torch.bincount(self._groups)

    def places(self, order: torch.Generator) -> Tensor:
        shuffled = super().places(order)
        places = shuffled[torch.argsort(self._groups[shuffled], stable=True)]
        pieces = self._pieces(self._groups[places])
        keys = torch.randperm(len(self._groups), generator=order)
        return places[torch.argsort(keys[pieces], stable=True)]

    def _pieces(self, groups: Tensor) -> Tensor:
        """The number of each row's piece, for rows in the order of their groups, shape (rows,)."""
        sizes = self._sizes[groups]
        first = (self._sizes.cumsum(0) - self._sizes)[groups]
        in_group = (torch.arange(len(groups)) - first) // self.group_rows
        last = torch.where(sizes % self.group_rows == 1, sizes // self.group_rows - 1, in_group).clamp_min(0)
        in_group = torch.minimum(in_group, last)
        begins = torch.ones(len(groups), dtype=torch.bool)
        begins[1:] = (groups[1:] != groups[:-1]) | (in_group[1:] != in_group[:-1])
        return begins.cumsum(0) - 1
