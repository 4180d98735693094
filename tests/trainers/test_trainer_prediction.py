"""Several processes look at held-out rows together: all get, to the bit, what one would say of them."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from thread_team import by_all, team_of
from torch import Tensor

from trainers.data.batches import Batch, Column, Postings, evaluation_loader
from trainers.devices.cpu import CpuDevice
from trainers.devices.team import Team
from trainers.prediction import outputs_of
from trainers.view import View, Witness

BATCH = 4
VIEWS = {
    "plain": View(),
    "shuffled": View(shuffled=True),
    "alone": View(alone=3),
    "withheld": View(withheld=("label",)),
}


def look(team: Team, view: View, rows: int) -> tuple[dict[str, Tensor], list[list[int]], Witness]:
    """What is said of these rows, the rows of each batch that was seen, and what a witness saw."""
    device = CpuDevice()
    device.team = team
    batches = []

    def model(batch: Batch) -> dict[str, Tensor]:
        numbers = batch["number"].float().unsqueeze(1)
        batches.append(batch["number"].tolist())
        # What depends on the whole batch tells whether rows come in the batches of one process.
        return {"own": numbers, "of batch": numbers.sin().sum().expand(len(numbers), 2)}

    columns = {"number": Column(torch.arange(rows)), "label": Column(torch.ones(rows))}
    witness = Witness()
    seen = View(view.shuffled, view.alone, view.withheld, witness)
    found = outputs_of(model, evaluation_loader(Postings(np.arange(rows), columns), BATCH), device, seen)
    return found, batches, witness


@pytest.mark.parametrize("name", VIEWS)
@pytest.mark.parametrize("rows", [1, 4, 9, 30])
@pytest.mark.parametrize("size", [2, 3])
def test_all_get_what_one_says_of_the_same_batches(size: int, rows: int, name: str) -> None:
    alone, batches, witness = look(Team(), VIEWS[name], rows)
    assert alone["own"].flatten().tolist() == list(range(rows))
    team = team_of(size)
    ranks = by_all(lambda rank: look(team[rank], VIEWS[name], rows), size)
    for rank, (found, seen, told) in enumerate(ranks):
        assert seen == batches[rank::size]
        assert found.keys() == alone.keys()
        assert all(torch.equal(found[output], alone[output]) for output in found)
        assert (told.rows, told.batches) == (witness.rows, witness.batches)
