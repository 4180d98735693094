"""Whether two trials came out the same: what counts, what does not, and what is said."""

from __future__ import annotations

import math

import pytest
from builders import Recorder

from cockpit.checks.finding import OK, UNKNOWN, WARNING
from cockpit.checks.same import TOLERANCE, Place, compare, numbers_of
from cockpit.events.kinds import Eval, Norms, Step
from cockpit.store.reader import Index

NAN = math.nan


def steps(*values, name="loss", phase="train"):
    return {Place("step", phase, step, name): value for step, value in enumerate(values, start=1)}


def test_the_same_bits_are_the_same():
    numbers = {**steps(0.1, 0.2, NAN, math.inf), **steps(0.5, phase="valid")}
    found = compare(numbers, dict(numbers), 0.0, 10)
    assert (found.same, found.numbers, found.different, found.first) == (True, 5, 0, None)
    assert found.text == "same: 5 numbers to the bit, up to step 4"
    assert found.finding.level == OK


def test_one_bit_is_a_difference_on_a_cpu():
    found = compare(steps(0.1, 0.2, 0.3), steps(0.1, math.nextafter(0.2, 1), 0.30001), 0.0, 10)
    assert (found.same, found.different) == (False, 2)
    assert found.text == (
        "not the same: 2 of 3 numbers differ (to the bit); the first is train loss at step 2: 0.2, "
        "now 0.20000000000000004"
    )
    assert found.finding.level == WARNING


def test_elsewhere_a_thousandth_of_the_largest_value_of_the_metric_is_allowed():
    was = steps(2.0, 1e-9)
    assert compare(was, steps(2.0 + 1.9e-3, 1.9e-3), TOLERANCE, 10).same is True
    found = compare(was, steps(2.0, 2.1e-3), TOLERANCE, 10)
    assert (found.same, found.largest) == (False, pytest.approx(1.05e-3))
    assert compare(steps(0.0), steps(0.0009), TOLERANCE, 10).same is True
    assert compare(steps(1.0), steps(NAN), TOLERANCE, 10).same is False


def test_the_metrics_of_the_machine_do_not_count():
    for name in (
        "wait",
        "time",
        "tokens_per_sec",
        "step_time",
        "data/wait",
        "it/s",
        "gpu_memory",
        "elapsed_seconds",
        "load_ms",
    ):
        found = compare({**steps(1.0), **steps(3.0, name=name)}, {**steps(1.0), **steps(5.0, name=name)}, 0.0, 10)
        assert (found.same, found.numbers, found.left_out) == (True, 1, (name,))
    for name in ("sometimes", "timestep", "final_score", "wait4it", "s", "ms_ssim"):
        assert compare(steps(3.0, name=name), steps(5.0, name=name), 0.0, 10).same is False


def test_only_what_came_before_the_end_of_the_first_counts():
    assert compare(steps(1, 2, 3, 4), steps(1, 2, 9, 9), 0.0, 2).same is True
    assert compare(steps(1, 2), steps(1, 2, 3, 4), 0.0, 10).same is True


def test_what_is_missing_the_second_time_is_a_difference():
    found = compare(steps(1.0, 2.0), steps(1.0), 0.0, 10)
    assert (found.same, found.missing, found.different) == (False, 1, 0)
    assert "1 are missing; the first is train loss at step 2: 2.0, now nothing" in found.text


def test_what_cannot_be_told_is_not_called_the_same():
    assert compare({}, {}, 0.0, 10).same is None
    found = compare(steps(1.0), steps(1.0), 0.0, 10, why="lr was changed by hand after step 1")
    assert (found.same, found.finding.level) == (None, UNKNOWN)
    assert found.text == (
        "cannot be told; so far the same: 1 number to the bit, up to step 1; lr was changed by hand after step 1"
    )
    assert compare(steps(1.0), steps(2.0), 0.0, 10, why="lr was changed").same is False


def test_fine_tuning_comes_after_everything_else():
    was = {**steps(1.0, phase="tune_train"), **steps(1.0, 2.0)}
    now = {**steps(5.0, phase="tune_train"), **steps(1.0, 5.0)}
    assert compare(was, now, 0.0, 10).first.place == Place("step", "train", 2, "loss")


def test_every_number_of_a_record_counts_but_times(tmp_path):
    recorder = Recorder(tmp_path)
    writer = recorder.start(0)
    writer.write(Step(step=1, time=3.0, metrics={"loss": 0.5, "lr": 0.1}))
    writer.write(Norms(step=1, group="body", param_mean=1.0, grad_max=2.0))
    writer.write(Eval(step=1, time=9.0, metrics={"score": NAN}))
    recorder.finish(0, writer)
    with Index(recorder.end()) as index:
        numbers = numbers_of(index, "t000")
    assert {place.name for place in numbers if place.table != "norm"} == {"loss", "lr", "score"}
    assert numbers[Place("norm", "body", 1, "grad_max")] == 2.0
    assert len([place for place in numbers if place.table == "norm"]) == 7
    assert math.isnan(numbers[Place("eval", "valid", 1, "score")])
