"""Logs of other machines and languages, and what ranks runs whose metrics are of several kinds."""

import json

import pytest
from importers.reading import Told, points

from cockpit.events.kinds import Eval
from cockpit.importers import openmmlab, printed
from cockpit.importers.registry import importer_of, open_source
from cockpit.importers.tally import Tally, choose_metric

FRENCH = "Époque terminée\nEpoch 1 loss: 0.5 précision: 0.7\nEpoch 2 loss: 0.4 précision: 0.8\n"


@pytest.mark.parametrize("encoding", ["utf-8", "latin-1", "utf-16"])
def test_letters_beyond_ascii_are_read_in_every_encoding(tmp_path, encoding):
    path = tmp_path / "train.log"
    path.write_bytes(FRENCH.replace("\n", "\r\n").encode(encoding))
    assert importer_of(open_source(path)) is printed.IMPORTER
    assert [point[4:] for point in points(Told(printed.IMPORTER, path))] == [
        ("loss", 0.5), ("précision", 0.7), ("loss", 0.4), ("précision", 0.8),
    ]  # fmt: skip


def test_a_byte_that_is_broken_does_not_make_utf8_another_encoding(tmp_path):
    path = tmp_path / "train.log"
    path.write_bytes(FRENCH.encode() + b"\xff\n")
    assert {point[4] for point in points(Told(printed.IMPORTER, path))} == {"loss", "précision"}


def test_a_validation_of_mmdetection_2_stands_at_the_step_of_the_training(tmp_path):
    path = tmp_path / "run.log.json"
    records = [
        {"mode": "train", "epoch": 1, "iter": 100, "loss": 0.6},
        {"mode": "train", "epoch": 1, "iter": 150, "loss": 0.5},
        {"mode": "val", "epoch": 1, "iter": 625, "bbox_mAP": 0.3},
        {"mode": "train", "epoch": 2, "iter": 100, "loss": 0.4},
    ]
    path.write_text("".join(json.dumps(record) + "\n" for record in records))
    assert [point[3:5] for point in points(Told(openmmlab.IMPORTER, path))] == [
        (100, "loss"), (150, "loss"), (150, "bbox_mAP"), (250, "loss"),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("names", "chosen"),
    [
        (["loss", "precision", "recall", "map50"], "map50"),
        (["loss", "recall"], "recall"),
        (["loss", "precision", "average_precision"], "average_precision"),
    ],
)
def test_precision_alone_ranks_only_where_nothing_better_does(names, chosen):
    tally = Tally()
    tally.add(Eval(phase="valid", epoch=0, step=1, metrics=dict.fromkeys(names, 0.5)))
    assert choose_metric([tally]) == chosen
