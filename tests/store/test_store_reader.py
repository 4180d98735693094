"""What readers of an index get."""

import math
import os
import subprocess
import sys

import pytest
from builders import Recorder, every_kind

from cockpit.events.kinds import Built, Eval, Norms, Note, Saved, Step, SweepEnded
from cockpit.store import schema
from cockpit.store.life import is_alive, process_started
from cockpit.store.reader import Index
from cockpit.store.rows import FrozenRow


@pytest.fixture
def dead():
    """The id of a process that is no more."""
    process = subprocess.Popen([sys.executable, "-c", ""])
    process.wait()
    return process.pid


def phases(tmp_path):
    """A trial with 20 steps, an evaluation every 5, and fine-tuning that counts from 1 again."""
    recorder = Recorder(tmp_path)
    writer = recorder.start(0)
    for step in range(1, 21):
        writer.write(Step(epoch=(step - 1) // 5, step=step, time=float(step), metrics={"loss": 1.0 / step}))
        if step % 5 == 0:
            writer.write(Eval(epoch=step // 5 - 1, step=step, metrics={"score": step / 20, "loss": 0.5}))
    for step in range(1, 4):
        writer.write(Step(phase="tune", step=step, metrics={"loss": 0.01 * step}))
    writer.write(Eval(phase="tune", step=3, metrics={"score": 0.99}))
    recorder.finish(0, writer)
    return recorder.end()


def told(rows):
    return [(row.phase, row.kind, row.step) for row in rows]


def test_steps_are_in_order_with_evaluations_behind_their_step_and_tuning_last(tmp_path):
    with Index(phases(tmp_path)) as index:
        rows = told(index.steps("t000"))
    assert rows[:6] == [("train", "step", step) for step in range(1, 6)] + [("valid", "eval", 5)]
    assert rows[-4:] == [("tune", "step", step) for step in range(1, 4)] + [("tune", "eval", 3)]
    assert len(rows) == 28


@pytest.mark.parametrize("last", [1, 3, 4, 5, 6, 27, 28, 29, 1000])
def test_the_last_steps_are_the_end_of_all_steps_across_phases(tmp_path, last):
    with Index(phases(tmp_path)) as index:
        everything = index.steps("t000")
        assert index.steps("t000", last) == everything[-last:]


def test_steps_have_their_own_values_only(tmp_path):
    with Index(phases(tmp_path)) as index:
        by_place = {(row.phase, row.kind, row.step): row for row in index.steps("t000")}
    assert by_place["train", "step", 5].metrics == {"loss": 0.2}
    assert by_place["valid", "eval", 5].metrics == {"score": 0.25, "loss": 0.5}
    assert by_place["tune", "step", 2].metrics == {"loss": 0.02}
    assert (by_place["train", "step", 7].epoch, by_place["train", "step", 7].time) == (1, 7.0)


def test_progress_counts_training_only(tmp_path):
    with Index(phases(tmp_path)) as index:
        (trial,) = index.trials()
    assert (trial.steps, trial.epochs) == (20, 4)


def test_the_best_evaluation_brings_all_its_metrics(tmp_path):
    recorder = Recorder(tmp_path)
    writer = recorder.start(0)
    for step, score in enumerate([0.1, math.nan, 0.9, 0.9, 0.3], start=1):
        writer.write(Eval(step=step, metrics={"score": score, "precision": step / 10, "recall": math.nan}))
    recorder.finish(0, writer)
    with Index(recorder.end()) as index:
        (trial,) = index.trials()
    assert (trial.best, trial.best_step, trial.last) == (0.9, 3, 0.3)
    assert trial.evaluations[1] is None
    assert trial.best_metrics["precision"] == 0.3
    assert math.isnan(trial.best_metrics["recall"])


def test_a_trial_without_a_finite_evaluation_has_no_best(tmp_path):
    run = Recorder(tmp_path).trial(0, [math.nan, math.inf]).trial(1, []).end()
    with Index(run) as index:
        first, second = index.trials()
    assert (first.best, first.best_step, first.best_metrics, first.last) == (None, None, {}, math.inf)
    assert (second.best, second.last, second.evaluations, second.steps, second.epochs) == (None, None, (), 0, 0)


def test_the_latest_value_of_an_evaluation_hides_that_of_a_step(tmp_path):
    with Index(phases(tmp_path)) as index:
        latest = index.latest("t000")
    assert latest == {"loss": 0.5, "score": 0.99}


def test_norms_come_in_order_and_the_newest_are_their_end(tmp_path):
    run = every_kind(tmp_path)
    with Index(run) as index:
        rows = index.norms("t001")
        assert [(row.step, row.group) for row in rows] == [(s, g) for s in range(1, 6) for g in ("body", "head")]
        assert [(row.step, row.group) for row in index.norms("t001", 3)] == [(4, "head"), (5, "body"), (5, "head")]
        assert index.norms("t000") == []


def test_the_names_of_tensors_come_with_their_row_and_odd_ones_are_left_out(tmp_path):
    recorder = Recorder(tmp_path)
    writer = recorder.start(0)
    names = {"zero": ["a", 7, "b"], "unchanged": "c"}
    writer.write(Norms(step=1, group="head", largest="w", zero=3, unchanged=1, names=names))
    writer.write(Built(frozen={"tensors": 4, "of": 6, "names": ["x", None]}))
    with Index(recorder.run) as index:
        (row,) = index.norms("t000")
        frozen = index.frozen("t000")
        assert index.frozen("t001") == FrozenRow()
    assert (row.largest, row.zero, row.unchanged) == ("w", 3, 1)
    assert row.names == {"zero": ["a", "b"], "unchanged": []}
    assert frozen.text == "4 of 6 tensors are not trained: x and 3 more"
    assert FrozenRow().text == ""


def test_of_notes_that_tell_what_is_not_trained_the_last_one_holds(tmp_path):
    recorder = Recorder(tmp_path)
    some = Note(text="4 of 6", frozen={"tensors": 4, "of": 6, "names": ["x"]})
    none = Note(text="all of them", frozen={"tensors": 0, "of": 6, "names": []})
    recorder.start(0).write(some, Note(text="just words"))
    recorder.start(1).write(some, none)
    with Index(recorder.run) as index:
        assert index.frozen("t000").text == "4 of 6 tensors are not trained: x and 3 more"
        assert index.frozen("t001").text == ""
        assert index.others("note") == {"t000": [some, Note(text="just words")], "t001": [some, none]}


def test_the_norm_summary_leaves_nan_out_of_its_means(tmp_path):
    recorder = Recorder(tmp_path)
    writer = recorder.start(0)
    for step, grad in enumerate([1.0, math.nan, 3.0], start=1):
        writer.write(Norms(step=step, group="head", param_mean=2.0, grad_mean=grad, grad_max=step, nonfinite=step))
    with Index(recorder.run) as index:
        (row,) = index.norm_summary("t000")
    assert (row.group, row.rows, row.param_mean, row.grad_mean) == ("head", 3, 2.0, 2.0)
    assert (row.grad_max, row.nonfinite) == (3.0, 6)
    assert math.isnan(row.update_ratio)


def test_the_newest_file_of_each_label_is_told(tmp_path):
    recorder = Recorder(tmp_path)
    writer = recorder.start(0)
    for step, label in ((1, "last"), (2, "best"), (9, "last")):
        writer.write(Saved(path=f"{label}-{step}.pt", step=step, label=label))
    with Index(recorder.run) as index:
        assert index.saved("t000") == {"last": "last-9.pt", "best": "best-2.pt"}


def test_a_series_is_one_metric_of_one_phase(tmp_path):
    with Index(phases(tmp_path)) as index:
        assert len(index.series("t000", "loss")) == 20
        assert [bucket.mean for bucket in index.series("t000", "score", kind="eval", phase="valid")] == [
            0.25,
            0.5,
            0.75,
            1.0,
        ]
        assert len(index.series("t000", "loss", buckets=3)) == 3
        assert index.series("t000", "unheard") == []


def test_the_sweep_row_has_what_the_ledger_said(tmp_path):
    recorder = Recorder(tmp_path, question="Why?", goal="minimize", metric="loss", varied=["a", "b"], data="d")
    recorder.end("failed", "the engine failed")
    with Index(recorder.run) as index:
        sweep = index.sweep()
    assert (sweep.question, sweep.goal, sweep.metric, sweep.varied, sweep.data) == (
        "Why?",
        "minimize",
        "loss",
        ["a", "b"],
        "d",
    )
    assert (sweep.status, sweep.reason, sweep.started, sweep.ended) == ("failed", "the engine failed", 1e6, 1e6 + 60)


def test_a_sweep_whose_process_lives_is_running(tmp_path):
    recorder = Recorder(tmp_path)
    recorder.start(0)
    with Index(recorder.run) as index:
        assert index.sweep().status == "running"
        assert [trial.status for trial in index.trials()] == ["running"]


def test_a_sweep_whose_process_died_is_interrupted_and_its_open_trials_are_lost(tmp_path, dead):
    recorder = Recorder(tmp_path, pid=dead, environment={})
    recorder.trial(0, [0.5]).start(1)
    with Index(recorder.run) as index:
        sweep = index.sweep()
        assert (sweep.status, sweep.reason) == ("interrupted", "its process ended without a word")
        assert [(trial.status, trial.reason) for trial in index.trials()] == [
            ("finished", ""),
            ("lost", "its sweep ended before it did"),
        ]


def test_a_process_id_that_was_given_to_another_process_is_not_the_sweep(tmp_path):
    recorder = Recorder(tmp_path, environment={"process_started": "1"})
    with Index(recorder.run) as index:
        assert index.sweep().status == "interrupted"


def test_a_sweep_of_another_host_is_believed(tmp_path, dead):
    recorder = Recorder(tmp_path, host="elsewhere", pid=dead, environment={})
    with Index(recorder.run) as index:
        assert index.sweep().status == "running"


def test_a_trial_that_is_open_when_its_sweep_ended_is_lost(tmp_path):
    recorder = Recorder(tmp_path)
    recorder.start(0)
    recorder.ledger.write(SweepEnded(status="finished", at=2.0))
    with Index(recorder.run) as index:
        assert index.trials()[0].status == "lost"


def test_life_knows_the_living_and_the_dead(dead):
    import socket

    here = socket.gethostname()
    assert is_alive(here, os.getpid(), process_started(os.getpid()))
    assert is_alive(here, os.getpid(), "")
    assert not is_alive(here, os.getpid(), "1")
    assert not is_alive(here, dead, "")
    assert is_alive("elsewhere", dead, "")
    assert process_started(dead) == ""


def test_a_process_that_nobody_has_waited_for_yet_is_dead():
    import socket

    process = subprocess.Popen([sys.executable, "-c", ""], stdout=subprocess.PIPE)
    assert process.stdout.read() == b""  # its end is closed, so it is ending
    os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)
    assert not is_alive(socket.gethostname(), process.pid, "")
    process.stdout.close()
    process.wait()


def test_an_index_that_only_a_writer_can_put_in_order_is_read_all_the_same(tmp_path, monkeypatch):
    """Who comes to the log of a killed writer without being one is told that it may not write."""
    run = phases(tmp_path)
    with Index(run) as index:
        trials = index.trials()
    open_read_only, refused = schema.open_read_only, []

    def refusing(path):
        connection = open_read_only(path)
        if not refused:
            refused.append(path)
            connection.execute("CREATE TABLE forbidden (x)")
        return connection

    monkeypatch.setattr(schema, "open_read_only", refusing)
    with Index(run) as index:
        assert index.trials() == trials
    assert refused


def test_evaluations_of_the_metric_are_read_for_all_trials(tmp_path):
    recorder = Recorder(tmp_path).trial(0, [0.5, math.nan]).trial(1)
    writer = recorder.start(2)
    writer.write(Eval(phase="tune", step=1, metrics={"score": 0.9}))
    writer.write(Eval(phase="valid", epoch=3, step=7, metrics={"other": 0.1, "score": 0.25}))
    recorder.finish(2, writer)
    with Index(recorder.end()) as index:
        found = index.evaluations()
    assert found["t000"][0] == (1, 0, 0.5)
    assert math.isnan(found["t000"][1][2])
    assert found["t002"] == [(7, 3, 0.25)]
    assert set(found) == {"t000", "t002"}
