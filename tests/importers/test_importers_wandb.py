"""Runs of W&B on disk."""

import math
import random

import pytest
from importers import wandb_files as wb
from importers.reading import Told, mutations, points

from cockpit.events.kinds import Eval, Step
from cockpit.importers import wandb_records
from cockpit.importers.contract import NO, SURE, Source
from cockpit.importers.protobuf import WireError
from cockpit.importers.registry import importer_of, open_source
from cockpit.importers.wandb import IMPORTER

CONFIG = {"_wandb": {"x": 1}, "lr": 0.001, "layers": 12, "model": {"name": "bert"}}


def write(path, *records):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(wb.log(records))
    return path


@pytest.fixture
def told(tmp_path):
    return lambda *records: Told(IMPORTER, write(tmp_path / "run-abc123.wandb", *records))


def test_a_whole_run(told):
    found = told(
        wb.run(CONFIG, notes="a note", tags=("a", "b")),
        wb.stats(),
        wb.row(0, train__loss=1.0, lr=0.5),
        wb.row(1, train__loss=0.5, val__acc=0.25, epoch=1),
        wb.summary(best=0.25, lr=0.5),
        wb.exited(),
    )
    (run,) = found.runs.values()
    assert (run.label, run.note) == ("first", "a note\ntags: a, b")
    assert run.config == {"lr": 0.001, "layers": 12, "model": {"name": "bert"}}
    assert run.started == wb.BEGUN + 0.5 and found.about.name == "project"
    assert found.steps() == [
        Step(step=0, time=0.0, metrics={"loss": 1.0, "lr": 0.5}),
        Step(epoch=1, step=1, time=0.5, metrics={"loss": 0.5}),
        Eval(epoch=1, step=1, time=0.5, metrics={"acc": 0.25}),
    ]
    assert found.notes() == ["summary: best = 0.25"]
    (end,) = found.ends.values()
    assert (end.status, end.ended) == ("finished", wb.BEGUN + 1)
    assert found.unread == ["run-abc123: not taken, because they are no numbers: 1 × record of the machine"]


def test_values_of_all_kinds(told):
    items = [
        wb.item("plain", 1),
        wb.item(["a/b", "c"], 2.5),
        wb.item("inner", {"x": 1, "y": {"z": 2}}),
        wb.item("not_finite", math.nan),
        wb.item("huge", "Infinity"),
        wb.item("truth", True),
        wb.item("word", "hello"),
        wb.item("nothing", None),
        wb.item(["picture", "_type"], "image-file"),
        wb.item(["picture", "size"], 3),
        wb.typed("number", 6, 0.1),
        wb.typed("integer", 5, 7),  # in zigzag: -4
        wb.typed("boolean", 4, 1),
    ]
    found = told(wb.run({}), wb.history(items, step=4), wb.exited())
    (step,) = found.steps()
    assert step.step == 4
    assert math.isnan(step.metrics["not_finite"])
    assert {name: value for name, value in step.metrics.items() if value == value} == {
        "plain": 1.0, "a/b.c": 2.5, "inner.x": 1.0, "inner.y.z": 2.0, "huge": math.inf, "truth": 1.0, "number": 0.1,
        "integer": -4.0, "boolean": 1.0,
    }  # fmt: skip
    assert found.unread == ["run-abc123: not taken, because they are no numbers: 1 × str, 1 × image-file"]


def test_rows_without_steps_are_counted(told):
    found = told(wb.run({}), *(wb.history([wb.item("loss", value)]) for value in (3, 2, 1)))
    assert [step.step for step in found.steps()] == [1, 2, 3]


def test_a_run_that_did_not_end_is_interrupted_and_one_with_a_code_failed(told):
    cut, failed = told(wb.run({}), wb.row(0, loss=1)), told(wb.run({}), wb.row(0, loss=1), wb.exited(3))
    assert [end.status for end in cut.ends.values()] == ["interrupted"]
    assert [(end.status, end.error) for end in failed.ends.values()] == [("failed", "exit code 3")]


def test_settings_before_the_first_step_are_the_configuration_and_later_ones_notes(told):
    found = told(wb.run({"lr": 1}), wb.config(lr=2, bs=3), wb.row(0, loss=1), wb.config(lr=4))
    assert [dict(run.config) for run in found.runs.values()] == [{"lr": 2, "bs": 3}]
    assert found.notes() == ["config: lr = 4"]


def test_records_go_on_over_blocks(told):
    rows = [wb.row(step, loss=step / 7, word="x" * (step * 37 % 500)) for step in range(400)]
    long = wb.run({"words": "y" * 100_000})
    found = told(long, *rows, wb.exited())
    assert [value for *_, value in points(found)] == [step / 7 for step in range(400)]
    assert len(found.runs["run-abc123"].config["words"]) == 100_000


def test_a_torn_tail_is_the_end(tmp_path):
    data = wb.log([wb.run({}), *(wb.row(step, loss=step) for step in range(50))])
    path = tmp_path / "run-x.wandb"
    for cut in (1, 5, 30):
        path.write_bytes(data[:-cut])
        found = Told(IMPORTER, path)
        assert len(found.steps()) == 49 and found.unread == []


def test_after_damage_the_next_block_is_read(tmp_path):
    data = bytearray(wb.log([wb.run({}), *(wb.row(step, loss=step) for step in range(2000))]))
    data[wb.BLOCK + 500] ^= 8
    path = tmp_path / "run-x.wandb"
    path.write_bytes(data)
    found = Told(IMPORTER, path)
    assert 1400 < len(found.steps()) < 2000
    assert found.unread == ["run-x: damaged in 1 place; what stood there is left out"]


def test_a_folder_of_runs(tmp_path):
    for name in ("b", "a"):
        write(
            tmp_path / "wandb" / f"offline-run-2026-{name}" / f"run-{name}.wandb",
            wb.run({}, name=name),
            wb.row(0, loss=1),
        )
    source = Source(tmp_path)
    assert importer_of(source) is IMPORTER
    found = Told(IMPORTER, source)
    assert [run.label for run in found.runs.values()] == ["a", "b"]


def test_it_is_recognised_by_its_content(tmp_path):
    path = write(tmp_path / "anything", wb.run({}))
    assert IMPORTER.fit(open_source(path)) == SURE
    assert IMPORTER.fit(Source(path, b":W&B")) == NO


def test_mutated_files_raise_nothing(tmp_path):
    chance = random.Random(7)
    items = [wb.typed("a", 6, 0.5), wb.typed("b", 5, 3), wb.item("c", {"x": [1]}), wb.item(["d", "_type"], "y")]
    records = [
        wb.run(CONFIG, tags=("a",)),
        wb.config(x=1),
        wb.history(items, 2),
        wb.row(3, loss=1),
        wb.summary(z=1),
        wb.exited(1),
    ]
    path = tmp_path / "run-x.wandb"
    for data in mutations(wb.log(records), chance, 150):
        path.write_bytes(data)
        Told(IMPORTER, path)
    for _ in range(300):
        path.write_bytes(wb.log([next(mutations(record, chance, 1)) for record in records]))
        Told(IMPORTER, path)


def test_short_items_are_read_as_all_others(monkeypatch):
    chance = random.Random(9)
    items = [
        wb.item(["loss"], 0.5),
        wb.item(["a"], ""),
        wb.item(["x" * 127], "y" * 125),
        wb.item(["x" * 128], 1),
        b"\x12\x01a",
    ]
    changed = [one for item in items for one in mutations(item, chance, 60)]
    records = [wb.history([item], 1) for item in (*items, *changed)]
    quick = [str(_history(record)) for record in records]
    monkeypatch.setattr(wandb_records, "_short_item", lambda *_: None)
    assert [str(_history(record)) for record in records] == quick


def _history(record):
    try:
        return wandb_records.history_of(wandb_records.record(record)[1])
    except WireError:
        return "no message"
