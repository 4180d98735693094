"""JSON lines and documents: what stands in a record, and where it stands in its run."""

import json
import math

import pytest
from importers.samples_files import (
    ALL_RESULTS,
    DETECTRON,
    FAIRSEQ,
    KERAS_HISTORY,
    MAE,
    MMDETECTION,
    MMENGINE,
    OWN,
    TRAINER_STATE,
    checkpoints,
)  # fmt: skip
from importers.told import format_of, items_of, points, read, runs, steps_and_evaluations, unread

from cockpit.events.kinds import Built, Norms, Saved
from cockpit.importers.contract import About, Recorded


def test_the_epochs_of_mae_are_its_steps(tmp_path):
    found = points(read(tmp_path, MAE, "log.txt", "jsonl"))
    assert found[("step", "train", "loss")] == {0: 3.0, 1: 1.5, 2: 1.0}
    assert found[("eval", "valid", "test_acc1")] == {0: 35.75, 1: 36.75, 2: 37.75}  # there is no other evaluation


def test_fairseq_writes_its_numbers_as_text(tmp_path):
    found = points(read(tmp_path, FAIRSEQ, "log.json", "jsonl"))
    assert found[("step", "train", "ppl")] == {100: 4405.16, 200: 1265.16}
    assert found[("eval", "valid", "loss")] == {100: 11.1, 200: 10.1}


def test_mmdetection_counts_from_one_in_every_epoch(tmp_path):
    items = read(tmp_path, MMDETECTION, "x.log.json", "openmmlab")
    found = points(items)
    assert found[("step", "train", "loss")] == {50: 1.2, 100: 1.1, 150: 1.0}
    assert list(found[("eval", "valid", "bbox_mAP")].values()) == [0.1, 0.2]
    assert found[("step", "train", "time_value")] == {50: 0.31, 100: 0.32, 150: 0.3}
    assert runs(items)[0].config["exp_name"] == "faster_rcnn.py" and not unread(items)
    assert [event.epoch for event in steps_and_evaluations(items)] == [1, 1, 1, 2, 2]


def test_validations_of_mmengine_stand_at_the_step_of_the_training(tmp_path):
    found = points(read(tmp_path, MMENGINE, "scalars.json", "openmmlab"))
    assert found[("eval", "valid", "coco/bbox_mAP")] == {100: 0.1, 150: 0.2}


def test_results_of_detectron2_stand_among_the_losses(tmp_path):
    found = points(read(tmp_path, DETECTRON, "metrics.json", "detectron2"))
    assert found[("eval", "valid", "bbox/AP")] == {39: 30.5}
    assert math.isnan(found[("eval", "valid", "bbox/AP-person")][39])
    assert found[("step", "train", "total_loss")] == {19: 1.5, 39: 1.2}


def test_our_own_events_are_taken_as_they_are(tmp_path):
    items = read(tmp_path, OWN, "events.jsonl", "events")
    (run,) = runs(items)
    assert (run.device, run.started) == ("cuda:0", 1700000000.0)
    kinds = [type(item.event) for item in items if isinstance(item, Recorded)]
    assert kinds[2:] == [Norms, Saved] and math.isnan(points(items)[("eval", "valid", "auc")][1])
    assert [line for line, _ in unread(items)] == [6]  # which is of the sweep, not of the trial


def test_nested_names_are_dotted_and_lists_numbered(tmp_path):
    record = {"step": 1, "val": {"acc": 0.5, "per_class": [0.1, 0.2]}, "loss": 1, "ok": True, "none": None}
    found = points(read(tmp_path, json.dumps(record) + '\n{"step": 2}\n', "x.jsonl", "jsonl"))
    assert found == {
        ("step", "train", "loss"): {1: 1}, ("step", "train", "ok"): {1: 1}, ("eval", "valid", "acc"): {1: 0.5},
        ("eval", "valid", "per_class.0"): {1: 0.1}, ("eval", "valid", "per_class.1"): {1: 0.2},
    }  # fmt: skip


def test_numbers_of_json_keep_all_they_have(tmp_path):
    lines = '{"step": 1, "loss": 12345678901234567890}\n{"step": 2, "loss": -Infinity}\n{"step": 3, "loss": "NaN"}\n'
    found = points(read(tmp_path, lines, "x.jsonl", "jsonl"))[("step", "train", "loss")]
    assert found[1] == 12345678901234567890 and found[2] == -math.inf and math.isnan(found[3])


def test_every_line_of_json_is_accounted_for(tmp_path):
    good = [json.dumps({"step": step, "loss": 1 / (step + 1)}) for step in range(8)]
    lines = [*good[:4], "CUDA out of memory", *good[4:], '{"step": 9, "loss": {"deep": "text"}}', '{"step": 10, "lo']
    items = read(tmp_path, "\n".join(lines), "x.jsonl", "jsonl")
    assert [line for line, _ in unread(items)] == [5, 10, 11]
    assert len(points(items)[("step", "train", "loss")]) == 8


def test_words_are_settings_until_they_change(tmp_path):
    lines = "".join(
        json.dumps({"step": s, "loss": s, "host": "a" if s < 2 else "b", "note": "x"}) + "\n" for s in range(3)
    )
    items = read(tmp_path, lines, "x.jsonl", "jsonl")
    assert runs(items)[0].config == {"host": "a", "note": "x"}
    assert unread(items) == [(3, "host: b")]


def test_a_first_record_without_measurements_is_settings(tmp_path):
    lines = '{"lr": 0.1, "batch_size": 8, "args": {"seed": 3}}\n{"step": 1, "loss": 2}\n{"step": 2, "loss": 1}\n'
    items = read(tmp_path, lines, "x.jsonl", "jsonl")
    assert runs(items)[0].config == {"lr": 0.1, "batch_size": 8, "seed": 3}
    assert points(items) == {("step", "train", "loss"): {1: 2, 2: 1}}


def test_several_runs_in_one_file(tmp_path):
    lines = "".join(json.dumps({"run": r, "step": s, "loss": s}) + "\n" for s in range(2) for r in ("a", "b"))
    items = read(tmp_path, lines, "x.jsonl", "jsonl")
    assert [run.label for run in runs(items)] == ["a", "b"]
    assert points(items, "b") == {("step", "train", "loss"): {0: 0, 1: 1}}


def test_the_state_of_the_trainer(tmp_path):
    items = read(tmp_path, json.dumps(TRAINER_STATE, indent=2), "trainer_state.json", "hf-trainer")
    (about,) = [item for item in items if isinstance(item, About)]
    assert (about.metric, about.goal, about.name) == ("accuracy", "maximize", tmp_path.name)
    found = points(items)
    assert found[("step", "train", "loss")] == {10: 0.7, 40: 0.3}
    assert found[("step", "train", "train_loss")] == {40: 0.5}  # of the whole run
    assert found[("step", "train", "epochs")] == {10: 0.5}
    assert found[("step", "train", "total_flos")] == {40: 123456789012345678}
    assert found[("eval", "valid", "accuracy")] == {20: 0.8, 40: 0.7}
    assert found[("eval", "test", "accuracy")] == {40: 0.5}
    others = [item.event for item in items if isinstance(item, Recorded) and isinstance(item.event, Built | Saved)]
    assert others == [Built(total_steps=40), Saved(path="out/checkpoint-20", step=20, label="best")]
    assert runs(items)[0].config["train_batch_size"] == 8


def test_the_newest_checkpoint_tells_everything(tmp_path):
    items = items_of(checkpoints(tmp_path), "hf-trainer")
    assert [run.label for run in runs(items)] == ["bert"]
    assert points(items)[("eval", "valid", "loss")] == {20: 0.5, 40: 0.6}


def test_results_of_the_trainer(tmp_path):
    found = points(read(tmp_path, json.dumps(ALL_RESULTS, indent=4), "all_results.json", "json"))
    assert found[("eval", "valid", "accuracy")] == {2: 0.7} and found[("eval", "train", "loss")] == {2: 0.5}


@pytest.mark.parametrize("wrapped", [False, True])
def test_lists_by_name_are_epochs(tmp_path, wrapped):
    content = {"history": KERAS_HISTORY, "params": {"epochs": 3}} if wrapped else KERAS_HISTORY
    found = points(read(tmp_path, json.dumps(content), "history.json", "json"))
    assert found[("step", "train", "loss")] == {0: 3.0, 1: 2.0, 2: 1.0}
    assert found[("eval", "valid", "loss")][0] == 4.0 and math.isnan(found[("eval", "valid", "loss")][1])


def test_lists_by_data_set_and_metric(tmp_path):
    content = {"train": {"rmse": [3.0, 2.0]}, "validation_0": {"rmse": [4.0, 3.5], "best": "no"}}
    items = read(tmp_path, json.dumps(content), "evals.json", "json")
    assert points(items) == {
        ("step", "train", "rmse"): {0: 3.0, 1: 2.0}, ("eval", "valid", "0.rmse"): {0: 4.0, 1: 3.5},
    }  # fmt: skip
    assert [text for _, text in unread(items)] == ["validation_0.best: no"]


def test_a_list_of_records(tmp_path):
    content = [{"epoch": 1, "loss": 2}, "oops", {"epoch": 2, "loss": 1}]
    path = tmp_path / "log.json"
    path.write_text(json.dumps(content))
    assert format_of(path) == ""  # not every entry is a record
    items = read(tmp_path, json.dumps([content[0], content[2]]), "log.json", "json")
    assert points(items) == {("step", "train", "loss"): {1: 2, 2: 1}}


NO_LOGS = {
    "config.json": {"lr": 0.1, "loss_weight": 2.0, "epochs": 3},
    "package.json": {"name": "x", "version": "1.0.0", "scripts": {"test": "jest"}},
    "bert.json": {"hidden_size": 768, "layer_norm_eps": 1e-12, "vocab_size": 30522},
    "list.json": [1, 2, 3],
    "text.json": "loss",
    "deep.json": [[[[[]]]]],
}


@pytest.mark.parametrize("name", NO_LOGS)
@pytest.mark.parametrize("indent", [None, 2])
def test_settings_are_no_logs(tmp_path, name, indent):
    path = tmp_path / name
    path.write_text(json.dumps(NO_LOGS[name], indent=indent))
    assert format_of(path) == ""


def test_deeply_nested_brackets_do_no_harm(tmp_path):
    for text in ("[" * 100_000, '{"a":' * 50_000, '{"step": 1, "loss": ' + "[" * 50_000):
        path = tmp_path / "x.json"
        path.write_text(text)
        assert format_of(path) == ""
