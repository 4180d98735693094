"""Ways of looking at held-out rows, and what trainers say of them when nothing is learnt yet."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from test_trainer_contract import QUICK
from torch import nn

from trainers import registry
from trainers.building import builder
from trainers.contract import InputError
from trainers.data.batches import Column, Postings, evaluation_loader
from trainers.devices.select import select_for
from trainers.metrics.trivial import trivial_accuracy, trivial_lwlrap, trivial_row_f1
from trainers.recheck import looks
from trainers.view import PLAIN, View, Witness

WAYS = [View(shuffled=True), View(alone=3), View(shuffled=True, alone=100), View(withheld=("label",))]


def loader(rows: int = 10):
    numbers = torch.arange(100, 100 + rows)
    return evaluation_loader(
        Postings(np.arange(rows), {"number": Column(numbers), "label": Column(numbers + 1)}), batch_size=4
    )


@pytest.mark.parametrize("view", [PLAIN, *WAYS])
def test_every_row_is_visited_once_and_put_back_into_its_place(view):
    witness = Witness()
    look = View(view.shuffled, view.alone, view.withheld, witness).over(loader())
    batches = list(look)
    outputs = look.in_place(torch.cat([batch["number"] for batch in batches]).unsqueeze(1))
    assert outputs.flatten().tolist() == list(range(100, 110))
    assert (witness.rows, witness.batches) == (10, len(batches))
    assert torch.equal(witness.outputs[0], outputs.float())


def test_rows_come_in_another_order_alone_or_without_labels():
    def numbers(view):
        return [batch["number"].tolist() for batch in view.over(loader())]

    plain = numbers(PLAIN)
    assert [len(batch) for batch in plain] == [4, 4, 2]
    shuffled = numbers(View(shuffled=True))
    assert [len(batch) for batch in shuffled] == [4, 4, 2]
    assert shuffled != plain
    assert shuffled == numbers(View(shuffled=True))
    assert sorted(len(batch) for batch in numbers(View(alone=3))) == [1, 1, 1, 3, 4]
    assert {len(batch) for batch in numbers(View(alone=100))} == {1}
    witness = Witness()
    withheld = list(View(withheld=("label", "toxic"), witness=witness).over(loader()))
    assert all(not batch["label"].any() and batch["number"].all() for batch in withheld)
    assert witness.withheld == {"label"}


def test_the_plain_view_asks_the_loader_itself():
    batches = loader()
    assert PLAIN.is_plain
    assert all(
        torch.equal(one["number"], other["number"]) for one, other in zip(PLAIN.over(batches), batches, strict=True)
    )


@pytest.mark.parametrize("name", [name for name in registry.names() if registry.find(name).uses_torch])
def test_what_a_trainer_says_of_a_row_depends_on_that_row_alone(name):
    trainer = registry.find(name)
    known = registry.fields(trainer)
    quick = {key: value for key, value in {**QUICK[name], "predict": False}.items() if key in known}
    device = select_for(trainer, "cpu")
    device.setup(threads=1)
    task = builder(trainer)(registry.build_config(trainer, quick), device)
    task.model.eval()
    assert task.trivial.keys() & trainer.metrics.keys()
    found = looks(task, alone=16)
    for way in ("shuffled", "alone", "withheld"):
        look = found[way]
        assert look["rows"] > 16, way
        assert look["moved"] == 0, way
        assert look["largest"] < 1e-4, way
    assert found["alone"]["batches"] >= 16
    split = task.split_groups()
    assert not split.apart or not set(split.train) & set(split.valid)


class Judged:
    """A task of which only the evaluation is asked: the mean output of a model over the rows of `loader`."""

    labels = ("label",)

    def __init__(self, model):
        self.model = model.eval()

    @torch.inference_mode()
    def evaluate(self, view=PLAIN):
        look = view.over(loader())
        outputs = look.in_place(torch.cat([self.model(batch) for batch in look]))
        return {"mean": float(outputs.mean())}


class OfBatch(nn.Module):
    def __init__(self, function):
        super().__init__()
        self.function = function

    def forward(self, batch):
        return self.function({name: column.float().unsqueeze(1) for name, column in batch.items()})


NORM = nn.BatchNorm1d(1, track_running_stats=False)
MODELS = {
    "honest": (lambda batch: batch["number"], set()),
    "ranks": (lambda batch: batch["number"].argsort(0).float(), {"shuffled", "alone"}),
    "statistics": (lambda batch: NORM(batch["number"]), {"shuffled", "alone"}),
    "labels": (lambda batch: batch["number"] + batch["label"], {"withheld"}),
}


@pytest.mark.parametrize("name", MODELS)
def test_what_depends_on_neighbours_or_labels_moves(name):
    function, expected = MODELS[name]
    found = looks(Judged(OfBatch(function)), alone=100)
    assert {way for way, look in found.items() if "error" in look or look["moved"]} == expected


def test_statistics_of_one_row_are_an_error_that_is_told():
    assert "Expected more than 1 value" in looks(Judged(OfBatch(MODELS["statistics"][0])), 100)["alone"]["error"]


def test_an_evaluation_without_a_view_cannot_be_checked():
    task = Judged(OfBatch(MODELS["honest"][0]))
    task.evaluate = lambda: {"mean": 0.0}
    with pytest.raises(InputError, match="takes no view"):
        looks(task, 1)


def test_trivial_answers_are_scored_by_hand():
    assert trivial_accuracy(np.array([0, 1, 1, 2])) == 0.5
    # Groups of 1 and 3: to match itself gives 2/2 once and 2/4 three times; to match all 2/5 once and 6/7 three times.
    assert trivial_row_f1(["a", "b", "b", "b"]) == {"row_f1": pytest.approx((2 / 5 + 3 * 6 / 7) / 4)}
    assert trivial_row_f1(["a", "b", "c"]) == {"row_f1": 1.0}


def test_lwlrap_of_the_order_of_frequency():
    """Classes come in the order 1, 0, 2: the first row's label is second of three, the other row's first."""
    train = np.array([[0, 1, 0], [0, 1, 0], [1, 0, 0]])
    assert trivial_lwlrap(train, np.array([[1, 0, 0], [0, 1, 0]])) == pytest.approx((1 / 2 + 1) / 2)
