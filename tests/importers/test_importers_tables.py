"""Tables of text: what their columns mean, whatever stands between the cells."""

import gzip
import math

import pytest
from importers.samples_files import KERAS, LIGHTNING, TIMM, ULTRALYTICS, WANDB_CHART, WANDB_RUNS
from importers.told import ends, format_of, points, read, runs, steps_and_evaluations, unread

from cockpit.events.kinds import Note
from cockpit.importers.contract import NO, Recorded
from cockpit.importers.delimited import IMPORTER
from cockpit.importers.registry import open_source


def test_keras_has_a_step_and_an_evaluation_for_each_epoch(tmp_path):
    found = points(read(tmp_path, KERAS, "run.csv", "csv"))
    assert found[("step", "train", "loss")] == {0: 0.9, 1: 0.45, 2: 0.9 / 3}
    assert found[("eval", "valid", "mae")] == {0: 1.0, 1: 0.5, 2: 1.0 / 3}


def test_lightning_is_sparse_and_its_settings_lie_beside(tmp_path):
    (tmp_path / "hparams.yaml").write_text("lr: 1e-3\nlayers: [1, 2]\n")
    items = read(tmp_path, LIGHTNING, "metrics.csv", "lightning")
    (run,) = runs(items)
    assert run.config == {"lr": 0.001, "layers": [1, 2]} and run.label == tmp_path.name
    found = points(items)
    assert found[("step", "train", "lr-SGD")] == {0: 0.1, 3: 0.1}
    assert found[("step", "train", "loss_step")] == {1: 0.20819592475891113, 5: 0.004741172306239605}
    assert found[("eval", "valid", "loss")] == {3: 0.07017622888088226, 7: 0.03648475930094719}
    assert found[("eval", "test", "acc")] == {8: 0.25}
    assert [event.epoch for event in steps_and_evaluations(items) if event.phase == "valid"] == [0, 1]


def test_settings_that_cannot_be_read_are_told(tmp_path):
    (tmp_path / "hparams.yaml").write_text("model: !!python/object:x.Y {}\n")
    items = read(tmp_path, LIGHTNING, "metrics.csv", "lightning")
    assert [text for _, text in unread(items) if text.startswith("hparams.yaml")] and points(items)


def test_ultralytics_measures_in_the_validation_what_has_no_phase(tmp_path):
    (tmp_path / "args.yaml").write_text("model: yolov8n.pt\nlr0: 0.01\n")
    items = read(tmp_path, ULTRALYTICS, "results.csv", "ultralytics")
    found = points(items)
    assert found[("eval", "valid", "metrics/mAP50-95(B)")] == {1: 0.2554, 2: 0.3154}
    assert found[("eval", "valid", "box_loss")] == {1: 1.2001, 2: 1.1001}
    assert found[("step", "train", "lr/pg0")] == {1: 0.003333, 2: 0.006533}
    assert steps_and_evaluations(items)[0].time == 12.3456
    assert runs(items)[0].config == {"model": "yolov8n.pt", "lr0": 0.01}


def test_timm(tmp_path):
    found = points(read(tmp_path, TIMM, "summary.csv", "timm"))
    assert found[("eval", "valid", "top1")] == {0: 0.4906, 1: 3.4906}
    assert found[("step", "train", "lr")] == {0: 1e-06, 1: 0.04008}


def test_a_chart_of_wandb_has_a_run_for_each_of_its_lines(tmp_path):
    items = read(tmp_path, WANDB_CHART, importer="wandb-chart")
    assert [run.label for run in runs(items)] == ["run-a", "run - b"]
    assert points(items, "run-a")[("eval", "valid", "loss")] == {0: 0.5, 10: 0.25}
    assert points(items, "run-a")[("eval", "valid", "loss__MIN")] == {0: 0.4, 10: 0.25}
    other = points(items, "run - b")[("eval", "valid", "loss")]
    assert other[0] == 0.7 and math.isnan(other[20]) and list(other) == [0, 20]


def test_runs_of_wandb_have_settings_and_results(tmp_path):
    items = read(tmp_path, WANDB_RUNS, importer="wandb-runs")
    first, second = runs(items)
    assert (first.label, first.note) == ("crisp-sun-1", "first, with\ntwo lines")
    assert first.config == {"lr": 0.001, "optimizer": "adam", "batch_size": 32, "User": "me"}
    assert first.started == 1709287200.0 and ends(items)[first.key].ended == 1709287261.0
    assert points(items, first.key) == {("eval", "train", "loss"): {99: 0.25}, ("eval", "valid", "acc"): {99: 0.91}}
    assert ends(items)[second.key].status == "failed"


@pytest.mark.parametrize("delimiter", [",", "\t", ";", "|", "   "])
def test_any_delimiter(tmp_path, delimiter):
    path = tmp_path / "log.csv"
    path.write_text(KERAS.replace(",", delimiter))
    source = open_source(path)
    assert IMPORTER.fit(source) > NO
    assert points(list(IMPORTER.read(source))) == points(read(tmp_path, KERAS, "b.csv", "csv"))


def test_decimal_commas_and_thousands(tmp_path):
    items = read(tmp_path, "step;loss\n1;0,5\n2;0,25\n", importer="csv")
    assert points(items) == {("step", "train", "loss"): {1: 0.5, 2: 0.25}}
    items = read(tmp_path, 'step,tokens,loss\n1,"1,234",3\n2,"12,345,678.5",2\n', importer="csv")
    assert points(items)[("step", "train", "tokens")] == {1: 1234, 2: 12345678.5}


def test_numbers_keep_all_they_have(tmp_path):
    values = ["0.1", "123456789012345678901", "1e-320", "NaN", "-inf", "1.#QNAN", "85%", "tensor(0.5, device='cuda:0')"]
    quoted = "".join(f'{step},"{value}"\n' for step, value in enumerate(values))
    found = points(read(tmp_path, f"step,loss\n{quoted}", importer="csv"))[("step", "train", "loss")]
    assert [found[0], found[1], found[2]] == [0.1, 123456789012345678901, 1e-320]
    assert type(found[1]) is int and math.isnan(found[3]) and found[4] == -math.inf and math.isnan(found[5])
    assert (found[6], found[7]) == (85, 0.5)


def test_every_line_is_accounted_for(tmp_path):
    text = "step,loss\n1,0.5\nTraceback (most recent call last):\n2,0.25,9\n3,oops\n\n4,0.1\n5,0.0\n6,1\n7,"
    items = read(tmp_path, text, importer="csv")
    assert points(items) == {("step", "train", "loss"): {1: 0.5, 4: 0.1, 5: 0.0, 6: 1}}
    assert [line for line, _ in unread(items)] == [3, 4, 5]


def test_without_a_header_the_columns_are_counted(tmp_path):
    found = points(read(tmp_path, "0\t2.5\t0.1\n10\t1.5\t0.2\n20\t0.5\t0.3\n", importer="csv"))
    assert found[("step", "train", "column2")] == {0: 2.5, 10: 1.5, 20: 0.5}


def test_the_header_may_be_a_comment_and_comments_are_kept(tmp_path):
    text = "# made by hand\n# step loss\n1 0.5\n2 0.4\n# the learning rate was lowered here\n3 0.3\n"
    items = read(tmp_path, text, "x.dat", "csv")
    assert points(items) == {("step", "train", "loss"): {1: 0.5, 2: 0.4, 3: 0.3}}
    assert runs(items)[0].note == "made by hand"
    notes = [item.event.text for item in items if isinstance(item, Recorded) and isinstance(item.event, Note)]
    assert notes == ["the learning rate was lowered here"]


def test_a_column_of_names_makes_several_runs(tmp_path):
    items = read(tmp_path, "run,step,loss\na,0,1\nb,0,3\na,1,2\nb,1,4\n", importer="csv")
    assert [run.label for run in runs(items)] == ["a", "b"]
    assert points(items, "b") == {("step", "train", "loss"): {0: 3, 1: 4}}


def test_a_table_of_results_has_a_run_in_each_row(tmp_path):
    items = read(tmp_path, "model,lr,dropout,accuracy,train_loss\nsmall,0.1,0.5,0.8,1\nlarge,0.01,0.5,0.9,2\n")
    assert [(run.label, run.config) for run in runs(items)] == [
        ("small", {"lr": 0.1, "dropout": 0.5}), ("large", {"lr": 0.01, "dropout": 0.5}),
    ]  # fmt: skip
    assert points(items, "large")[("eval", "valid", "accuracy")] == {0: 0.9}


def test_a_long_table_names_its_metrics_in_a_column(tmp_path):
    items = read(tmp_path, "run,tag,step,value\na,val/acc,1,0.5\na,train/loss,1,2\nb,val/acc,1,0.6\n", importer="csv")
    assert points(items, "a") == {("eval", "valid", "acc"): {1: 0.5}, ("step", "train", "loss"): {1: 2}}


def test_a_header_that_comes_again_begins_another_run(tmp_path):
    items = read(tmp_path, "epoch,loss\n0,3\n1,2\nepoch,loss\n0,9\n1,8\n", importer="csv")
    first, second = runs(items)
    assert points(items, first.key) == {("step", "train", "loss"): {0: 3, 1: 2}}
    assert points(items, second.key) == {("step", "train", "loss"): {0: 9, 1: 8}}


def test_a_counter_that_begins_anew_goes_on(tmp_path):
    rows = "".join(f"{epoch},{batch},{epoch * 10 + batch}\n" for epoch in range(2) for batch in range(3))
    found = points(read(tmp_path, f"epoch,batch,loss\n{rows}", importer="csv"))
    assert found == {("step", "train", "loss"): {0: 0, 1: 1, 2: 2, 3: 10, 4: 11, 5: 12}}


def test_rows_of_one_epoch_are_counted(tmp_path):
    found = points(read(tmp_path, "epoch,loss\n0,5\n0,4\n1,3\n1,2\n", importer="csv"))
    assert found == {("step", "train", "loss"): {0: 5, 1: 4, 2: 3, 3: 2}}


def test_names_that_would_be_the_same_stay_apart(tmp_path):
    found = points(read(tmp_path, "step,loss,train_loss,v,val_time\n1,1,2,3,4\n", importer="csv"))
    assert found == {
        ("step", "train", "loss"): {1: 1}, ("step", "train", "train_loss"): {1: 2},
        ("step", "train", "v_value"): {1: 3}, ("eval", "valid", "val_time"): {1: 4},
    }  # fmt: skip


def test_a_column_says_the_phase(tmp_path):
    found = points(read(tmp_path, "split,epoch,loss\ntrain,1,3\nval,1,4\ntrain,2,1\nval,2,2\n", importer="csv"))
    assert found == {("step", "train", "loss"): {1: 3, 2: 1}, ("eval", "valid", "loss"): {1: 4, 2: 2}}


def test_the_metric_that_is_asked_for_is_an_evaluation(tmp_path):
    table = "epoch,loss,accuracy\n1,3,0.5\n2,1,0.75\n"
    found = points(read(tmp_path, table, metric="accuracy"))
    assert found == {("step", "train", "loss"): {1: 3, 2: 1}, ("eval", "valid", "accuracy"): {1: 0.5, 2: 0.75}}
    assert ("step", "train", "accuracy") in points(read(tmp_path, table))


def test_where_only_a_test_set_is_evaluated_its_score_ranks(tmp_path):
    found = points(read(tmp_path, "epoch,train_loss,test_loss,test_acc\n1,3,4,0.5\n", importer="csv"))
    assert found[("eval", "valid", "test_acc")] == {1: 0.5} and found[("eval", "test", "loss")] == {1: 4}


def test_settings_lie_beside_a_file_in_a_folder_of_its_own(tmp_path):
    (tmp_path / "config.yaml").write_text("lr: 0.5\n")
    assert runs(read(tmp_path, KERAS, "metrics.csv"))[0].config == {"lr": 0.5}
    assert runs(read(tmp_path, KERAS, "mine.csv"))[0].config == {}


def test_steps_of_an_environment_are_steps(tmp_path):
    table = "time/time_elapsed,train/loss,time/total_timesteps,rollout/ep_rew_mean\n1,0.5,2048,20\n2,0.25,4096,\n"
    items = read(tmp_path, table, "progress.csv", "csv")
    assert points(items) == {
        ("step", "train", "loss"): {2048: 0.5, 4096: 0.25}, ("step", "train", "rollout/ep_rew_mean"): {2048: 20},
    }  # fmt: skip
    assert [event.time for event in steps_and_evaluations(items)] == [1.0, 2.0]


@pytest.mark.parametrize(
    ("train", "valid"),
    [
        ("Train Loss", "Val Loss"),
        ("trainLoss", "valLoss"),
        ("Loss (train)", "Loss (validation)"),
        ("Loss/train", "Loss.dev"),
    ],
)
def test_phases_however_they_are_spelled(tmp_path, train, valid):
    found = points(read(tmp_path, f"Epoch,{train},{valid}\n1,3,4\n2,1,2\n", importer="csv"))
    assert found == {("step", "train", "Loss"): {1: 3, 2: 1}, ("eval", "valid", "Loss"): {1: 4, 2: 2}}


@pytest.mark.parametrize(
    "table",
    [
        "| epoch | loss |\n|------:|:-----|\n| 1 | 3 |\n| 2 | 1 |\n", "sep=;\nepoch;loss\n1;3\n2;1\n",
        "epoch,loss\n1,3,\n2,1,\n", "epoch,loss\n-----\n1,3\n\n2,1\n",
    ],
    ids=["markdown", "excel", "trailing", "ruled"],
)  # fmt: skip
def test_what_is_drawn_around_a_table_is_no_row(tmp_path, table):
    items = read(tmp_path, table, importer="csv")
    assert points(items) == {("step", "train", "loss"): {1: 3, 2: 1}} and not unread(items)


def test_durations_are_seconds(tmp_path):
    table = 'epoch,loss,elapsed\n0,3,00:32\n1,2,1:02:03\n2,1,"1 day, 0:00:01.5"\n'
    items = read(tmp_path, table, importer="csv")
    assert [event.time for event in steps_and_evaluations(items)] == [32, 3723, 86401.5]


def test_what_should_say_a_place_and_does_not_is_told(tmp_path):
    rows = "".join(f"{step},2024-03-01 10:00:0{step},{step}\n" for step in range(5))
    items = read(tmp_path, f"step,timestamp,loss\n{rows}six,2024-03-01 10:00:06,6\n7,soon,7\n8.5,2024,8\n")
    assert unread(items) == [(7, "step: six"), (8, "timestamp: soon")]
    assert points(items)[("step", "train", "steps")] == {8: 8.5}
    assert list(points(items)[("step", "train", "loss")].values()) == [0, 1, 2, 3, 4, 6, 7, 8]


def test_times_of_the_calendar_are_told_from_the_beginning(tmp_path):
    items = read(tmp_path, "step,timestamp,loss\n1,1700000000.5,2\n2,1700000002,1\n", importer="csv")
    assert runs(items)[0].started == 1700000000.5
    assert [event.time for event in steps_and_evaluations(items)] == [0.0, 1.5]


def test_a_time_that_does_not_grow_is_what_a_step_took(tmp_path):
    items = read(tmp_path, "step,time,loss\n1,0.5,2\n2,0.25,1\n", importer="csv")
    assert [event.time for event in steps_and_evaluations(items)] == [None, None]
    assert points(items)[("step", "train", "time_value")] == {1: 0.5, 2: 0.25}


@pytest.mark.parametrize(
    "encoded",
    [
        KERAS.encode("utf-8-sig"), KERAS.encode("utf-16"), KERAS.replace("\n", "\r\n").encode(),
        KERAS.replace("\n", "\r").encode(), gzip.compress(KERAS.encode()),
        KERAS.replace("mae", "größe").encode("latin-1"),
    ],
    ids=["mark", "utf-16", "windows", "returns", "packed", "latin-1"],
)  # fmt: skip
def test_however_the_text_is_encoded(tmp_path, encoded):
    found = points(read(tmp_path, encoded, importer="csv"))
    assert found[("step", "train", "loss")] == {0: 0.9, 1: 0.45, 2: 0.9 / 3}
    assert ("eval", "valid", "größe" if b"\xf6" in encoded else "mae") in found


def test_a_packed_file_that_is_cut_off_is_read_as_far_as_it_goes(tmp_path):
    many = KERAS + "".join(f"{epoch},{epoch * 0.7!r},1,{epoch * 0.3!r},2\n" for epoch in range(3, 3000))
    items = read(tmp_path, gzip.compress(many.encode())[:-2000], importer="csv")
    assert len(points(items)[("step", "train", "loss")]) > 100
    assert unread(items)


def test_quotes_that_never_end_swallow_nothing(tmp_path):
    rows = "".join(f"{step},{step}\n" for step in range(2, 200))
    items = read(tmp_path, f'step,loss\n1,"0.5\n{rows}', importer="csv")
    found = points(items)[("step", "train", "loss")]
    assert set(range(1, 200)) == set(found) and not unread(items)


NOT_TABLES = {
    "code.py": "import os, sys\n\ndef loss(a, b):\n    return a, 1\n\nfor epoch in range(3):\n    print(epoch, 1)\n",
    "prose.md": "# Notes\n\nThe loss, as said, was 0.5, 0.4, 0.3.\nThen, after 3 epochs, nothing.\n",
    "config.yaml": "lr: 0.1\nloss: mse\nepochs: 3\nlayers: [1, 2, 3]\n",
    "data.csv": "id,text,label\n0,hello,1\n1,world,0\n",
    "binary.csv": b"step,loss\n1,\x00\x01\x02",
    "empty.csv": "",
    "header.csv": "step,loss\n",
}


@pytest.mark.parametrize("name", NOT_TABLES)
def test_what_is_no_log_is_not_taken_for_one(tmp_path, name):
    content = NOT_TABLES[name]
    (tmp_path / name).write_bytes(content if isinstance(content, bytes) else content.encode())
    assert format_of(tmp_path / name) == ""
