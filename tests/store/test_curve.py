"""Curves grow with the record, stay small, and lose no spike."""

import math
import random

import numpy as np
import pytest
from builders import Recorder

from cockpit.events.kinds import Eval, Norms, Step
from cockpit.store.curve import MOST_BUCKETS
from cockpit.store.indexer import Indexer
from cockpit.store.reader import Index


class Run:
    """A run folder with one trial, and its index."""

    def __init__(self, logs):
        self.recorder = Recorder(logs)
        self.writer = self.recorder.start(0)
        self.indexer = Indexer(self.recorder.run)

    def write(self, values, first=0, stride=1):
        for number, value in enumerate(values):
            self.writer.write(Step(step=first + number * stride, metrics={"loss": value}))
        self.indexer.sync()


@pytest.fixture
def run(tmp_path):
    made = Run(tmp_path)
    yield made
    made.indexer.close()


def whole(index, window=None):
    return index.grow(index.growing_curve("t000", "loss", kind="step", phase="train", window=window))


def test_few_steps_are_shown_as_they_are(run):
    run.write([1.0, 2.0, math.nan, 4.0], first=5)
    with Index(run.recorder.run) as index:
        curve = whole(index)
    assert curve.steps.tolist() == [5, 6, 7, 8]
    assert curve.mean[[0, 1, 3]].tolist() == [1.0, 2.0, 4.0]
    assert np.isnan([curve.low[2], curve.high[2], curve.mean[2]]).all()
    assert curve.missing.tolist() == [0, 0, 1, 0]


def test_a_metric_that_nobody_reported_has_no_curve(run):
    run.write([1.0])
    with Index(run.recorder.run) as index:
        assert index.growing_curve("t000", "acc", kind="step", phase="train") is None


def test_nothing_new_gives_the_same_object(run):
    run.write([1.0, 2.0])
    with Index(run.recorder.run) as index:
        growing = index.growing_curve("t000", "loss", kind="step", phase="train")
        first = index.grow(growing)
        assert index.grow(growing) is first
        run.write([3.0], first=2)
        assert index.grow(growing).mean.tolist() == [1.0, 2.0, 3.0]


@pytest.mark.parametrize("stride", [1, 7])
def test_growing_in_pieces_keeps_every_extreme_and_the_mean(run, stride):
    generator = random.Random(stride)
    values = [generator.choice([math.nan, generator.gauss(0, 1)]) for _ in range(9_000)]
    values[4_321] = 1e6
    with Index(run.recorder.run) as index:
        growing = None
        begin = 0
        while begin < len(values):
            end = begin + generator.randrange(1, 1500)
            run.write(values[begin:end], first=begin * stride, stride=stride)
            growing = growing or index.growing_curve("t000", "loss", kind="step", phase="train")
            curve = index.grow(growing)
            assert len(curve.steps) <= MOST_BUCKETS
            begin = end
        at_once = whole(index)
    assert curve.steps.tolist() == at_once.steps.tolist()
    for name in ("low", "high", "mean", "missing"):
        np.testing.assert_allclose(getattr(curve, name), getattr(at_once, name), rtol=1e-9)
    assert np.nanmax(curve.high) == 1e6
    assert curve.missing.sum() == sum(math.isnan(value) for value in values)
    assert curve.steps[-1] == (len(values) - 1) * stride


def test_infinities_are_kept(run):
    run.write([1.0, math.inf, -math.inf, 2.0])
    with Index(run.recorder.run) as index:
        curve = whole(index)
    assert curve.high[1] == math.inf
    assert curve.low[2] == -math.inf


def test_a_window_looks_closer(run):
    run.write([float(step) for step in range(8_000)])
    with Index(run.recorder.run) as index:
        assert len(whole(index).steps) < 8_000
        closer = whole(index, window=(4_000, 4_099))
    assert closer.steps.tolist() == list(range(4_000, 4_100))
    assert closer.mean.tolist() == [float(step) for step in range(4_000, 4_100)]


def test_evaluations_are_curves_of_their_own(run):
    run.write([1.0])
    run.writer.write(Eval(step=10, phase="valid", metrics={"loss": 0.5}))
    run.indexer.sync()
    with Index(run.recorder.run) as index:
        growing = index.growing_curve("t000", "loss", kind="eval", phase="valid")
        assert index.grow(growing).steps.tolist() == [10]


def test_norms_of_a_group_are_curves_too(run):
    for step in (10, 20):
        for group in ("body", "head"):
            run.writer.write(Norms(step=step, group=group, grad_mean=step * len(group), grad_max=math.nan))
    run.indexer.sync()
    with Index(run.recorder.run) as index:
        assert index.norm_groups("t000") == ["body", "head"]
        curve = index.grow(index.growing_curve("t000", "grad_mean", kind="norm", phase="body"))
        largest = index.grow(index.growing_curve("t000", "grad_max", kind="norm", phase="head"))
        with pytest.raises(KeyError):
            index.growing_curve("t000", "step FROM norm; --", kind="norm", phase="body")
    assert (curve.steps.tolist(), curve.mean.tolist()) == ([10, 20], [40.0, 80.0])
    assert largest.missing.tolist() == [1, 1]


def test_a_trial_without_norms_has_no_groups(run):
    with Index(run.recorder.run) as index:
        assert index.norm_groups("t000") == []


def test_a_gap_in_the_steps_costs_no_more_than_wider_buckets(run):
    run.write([1.0, 2.0])
    with Index(run.recorder.run) as index:
        growing = index.growing_curve("t000", "loss", kind="step", phase="train")
        index.grow(growing)
        run.write([3.0], first=10**9)
        curve = index.grow(growing)
    assert curve.steps.tolist() == [1, 10**9]
    assert (curve.low.tolist(), curve.high.tolist()) == ([1.0, 3.0], [2.0, 3.0])
