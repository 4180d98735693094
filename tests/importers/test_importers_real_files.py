"""Files that people left, every number compared with another reader of the same file."""

import csv
import json
from datetime import UTC, datetime
from pathlib import Path

import pytest
from importers.told import items_of, points, runs, steps_and_evaluations, unread

LOGS = Path(__file__).parents[3] / "shared" / "data" / "logs"

pytestmark = pytest.mark.skipif(not LOGS.is_dir(), reason="the shared data are not here")


@pytest.mark.parametrize("version", ["version_0", "version_7"])
def test_metrics_of_lightning(version):
    path = LOGS / "lightning" / version / "metrics.csv"
    items = items_of(path, "lightning")
    with path.open(newline="") as file:
        rows = [row for row in csv.DictReader(file) if row["train_loss"]]
    events = steps_and_evaluations(items)
    assert [event.metrics["loss"] for event in events] == [float(row["train_loss"]) for row in rows]
    assert [event.epoch for event in events] == [int(row["epoch"]) for row in rows]
    times = [datetime.fromisoformat(row["created_at"]).replace(tzinfo=UTC).timestamp() for row in rows]
    began = runs(items)[0].started
    assert [began + event.time for event in events] == pytest.approx(times, abs=1e-5)
    assert not unread(items) and runs(items)[0].label == version


def test_the_log_of_mae():
    path = LOGS / "mae_jsonl" / "log.txt"
    items = items_of(path, "jsonl")
    records = [json.loads(line) for line in path.read_text().splitlines()]
    names = {
        "train_lr": ("step", "train", "lr"), "train_loss": ("step", "train", "loss"),
        "test_loss": ("eval", "test", "loss"), "test_acc1": ("eval", "valid", "test_acc1"),
        "test_acc5": ("eval", "test", "acc5"), "n_parameters": ("step", "train", "n_parameters"),
    }  # fmt: skip
    found = points(items)
    assert found.keys() == set(names.values()) and not unread(items)
    for name, series in names.items():
        assert found[series] == {record["epoch"]: record[name] for record in records}
