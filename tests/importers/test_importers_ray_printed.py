"""What Ray Tune prints of its trials: each is a run of its own, and nothing is told twice or guessed."""

import pytest
from importers.samples_printed import kept

from cockpit.importers.contract import Lines, Recorded, Run, RunEnded, Unread
from cockpit.importers.ray_printed import IMPORTER
from cockpit.importers.registry import importer_of, open_source

FIRST, SECOND, THIRD = (f"train_a1b2c_0000{number}" for number in range(3))
RESULT = """\
Result for train_a1b2c_00000:
  accuracy: 0.8012345678
  date: 2026-03-01_10-00-05
  done: false
  info:
    learner:
      loss: 0.5
  training_iteration: {iteration}
  time_total_s: 12.5
  trial_id: a1b2c_00000
  
"""  # noqa: W293 - so it ends


@pytest.fixture
def read(tmp_path):
    """All items of a text, which is known by itself."""

    def call(text):
        path = tmp_path / "tune.log"
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        source = open_source(path)
        assert importer_of(source) is IMPORTER
        return list(IMPORTER.read(source))

    return call


def of(items, kind):
    return [item for item in items if isinstance(item, kind)]


def evaluations(items, key):
    events = [item.event for item in of(items, Recorded) if item.key == key]
    return [(event.phase, event.step, event.time, dict(event.metrics)) for event in events]


def table(columns, *rows):
    """A table as the reporter draws it."""
    rule = "|" + "+".join("-" * 20 for _ in columns) + "|"
    lines = ["|" + "|".join(f" {cell:<18} " for cell in cells) + "|" for cells in (columns, *rows)]
    border = "+" + "+".join("-" * 20 for _ in columns) + "+"
    return "\n".join([border, lines[0], rule, *lines[1:], border, ""])


def test_trials_of_tables_are_runs_with_an_evaluation_for_each_new_iteration(read):
    items = read(kept("ray_tables"))
    assert [(run.key, run.config) for run in of(items, Run)] == [
        (FIRST, {"lr": 0.01, "optimizer": "adam"}),
        (SECOND, {"lr": 0.1, "optimizer": "sgd"}),
    ]
    assert evaluations(items, FIRST) == [
        ("valid", 3, 12.3123, {"loss": 0.451235, "accuracy": 0.8}),
        ("valid", 10, 41.2, {"loss": 0.3, "accuracy": 0.9}),
    ]
    assert evaluations(items, SECOND) == [("valid", 1, 4.1, {"loss": 2.3, "accuracy": 0.1})]
    assert [(ended.key, ended.status) for ended in of(items, RunEnded)] == [(FIRST, "finished"), (SECOND, "failed")]
    unread = [item.text for item in of(items, Unread)]
    assert unread[0] == "(train pid=4242) epoch 1 loss 0.7"
    assert unread[-1] == f"{THIRD}: waits, it never began"
    assert len(unread) == 3
    assert of(items, Lines) == [Lines(45)]


def test_frames_have_more_settings_and_tables_more_digits(read):
    items = read(kept("ray_frames"))
    assert [(run.key, run.config) for run in of(items, Run)] == [
        (FIRST, {"lr": 3e-6, "model/name": "net", "width": 16}),
        (SECOND, {"lr": 0.123457, "width": 32}),
    ]
    assert evaluations(items, FIRST) == [
        ("valid", 1, 1.00352, {"time_this_iter_s": 1.00352, "loss": 0.45}),
        ("valid", 2, 2.0123, {"loss": 0.351235}),
    ]
    assert [(ended.key, ended.status) for ended in of(items, RunEnded)] == [(FIRST, "finished"), (SECOND, "failed")]
    lost = [item.text.split() for item in of(items, Unread) if "0." in item.text.split()]
    assert lost == [["│", "lr", "0.", "│"], ["│", "penalty", "0.", "│"]]


def test_results_are_told_with_all_digits_and_once(read):
    items = read(RESULT.format(iteration=3) + kept("ray_tables").decode())
    assert evaluations(items, FIRST)[0] == ("valid", 3, 12.5, {"accuracy": 0.8012345678, "info/learner/loss": 0.5})
    assert [step for _, step, _, _ in evaluations(items, FIRST)] == [3, 10]
    # Its settings stand in a table below.
    assert of(items, Run)[0].config == {"lr": 0.01, "optimizer": "adam"}


def test_values_of_metrics_may_stand_before_the_counter(read):
    columns = ["Trial name", "status", "batch_size", "val_loss", "training_iteration"]
    items = read(
        table(columns, [FIRST, "RUNNING", "16", "0.5", "1"]) + table(columns, [FIRST, "PAUSED", "16", "0.4", "2"])
    )
    (run,), (ended,) = of(items, Run), of(items, RunEnded)
    assert run.config == {"batch_size": 16}
    assert [values for _, _, _, values in evaluations(items, FIRST)] == [{"loss": 0.5}, {"loss": 0.4}]
    assert (ended.status, ended.reason) == ("interrupted", "paused")


def test_what_changes_and_may_be_a_setting_is_told_as_neither(read):
    columns = ["Trial name", "status", "lr", "strange", "iter", "loss"]
    first = table(columns, [FIRST, "RUNNING", "0.1", "7.5", "1", "0.5"])
    items = read(first + table(columns, [FIRST, "RUNNING", "0.1", "8.5", "2", "0.4"]))
    assert of(items, Run)[0].config == {"lr": 0.1}
    assert [values for _, _, _, values in evaluations(items, FIRST)] == [{"loss": 0.5}, {"loss": 0.4}]
    (unread,) = of(items, Unread)
    assert unread.text == "column strange: changes within a trial, and may be a setting or a value"


def test_names_that_go_on_in_the_line_below_are_one(read):
    text = table(["Trial name", "status", "model/a_long_", "iter", "loss"], [FIRST, "RUNNING", "4", "1", "0.5"])
    lines = text.splitlines()
    lines.insert(2, "|" + "|".join(f" {cell:<18} " for cell in ("", "", "name", "", "")) + "|")
    assert of(read("\n".join(lines)), Run)[0].config == {"model/a_long_name": 4}


@pytest.mark.parametrize(
    ("rows", "told"),
    [
        ([[FIRST, "RUNNING", "1", "0.5", "0.6"]], "0.6"),  # a cell too many
        ([[FIRST, "SINGING", "1", "0.5"]], "SINGING"),
        ([[FIRST, "RUNNING", "1", "much"]], "loss: much"),
    ],
)
def test_rows_that_do_not_fit_are_told_as_unread(read, rows, told):
    columns = ["Trial name", "status", "iter", "loss"]
    items = read(table(columns, [SECOND, "RUNNING", "1", "0.7"]) + table(columns, *rows))
    assert not any(values for _, _, _, values in evaluations(items, FIRST))
    assert [told in item.text for item in of(items, Unread)] == [True]


def test_columns_that_cannot_be_told_apart_say_nothing(read):
    frame = "╭{0}╮\n│ Trial name   status    iter  loss │\n├{0}┤\n│ {1} RUNNING  1  0.5 │\n╰{0}╯\n"
    text = kept("ray_tables").decode() + frame.format("─" * 40, THIRD)
    assert evaluations(read(text), THIRD) == []


def test_a_log_without_iterations_is_another_format(tmp_path):
    path = tmp_path / "train.log"
    path.write_text(
        "Result for train_1:\n  loss: 0.5\n\n" + table(["Trial name", "status", "lr"], [FIRST, "PENDING", "1"])
    )
    assert IMPORTER.fit(open_source(path)) == 0
