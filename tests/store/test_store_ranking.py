"""Which value is better: finite beats everything else, and fitted phases never decide."""

import itertools
import math
from types import SimpleNamespace

import pytest
from builders import Recorder

from cockpit.events.kinds import Eval
from cockpit.store.ranking import best_of, gain, is_better, is_ranked, ranked
from cockpit.store.reader import Index

GOALS = ("maximize", "minimize")
NOTHING = (math.nan, math.inf, -math.inf, None)


@pytest.mark.parametrize("goal", GOALS)
@pytest.mark.parametrize("nothing", NOTHING)
@pytest.mark.parametrize("finite", [0.0, -1e300, 1e300, 5])
def test_no_value_that_is_not_finite_wins(goal, nothing, finite):
    assert is_better(finite, nothing, goal)
    assert not is_better(nothing, finite, goal)
    assert best_of([nothing, finite, nothing], goal) == finite
    assert best_of([nothing], goal) is None


@pytest.mark.parametrize("goal", GOALS)
def test_nothing_that_is_not_finite_beats_anything(goal):
    for value, than in itertools.product(NOTHING, NOTHING):
        assert not is_better(value, than, goal)


def test_the_goal_says_which_way_is_better():
    assert is_better(2.0, 1.0, "maximize")
    assert is_better(1.0, 2.0, "minimize")
    assert best_of([1.0, 3.0, 2.0], "maximize") == 3.0
    assert best_of([1.0, 3.0, 2.0], "minimize") == 1.0
    assert best_of([], "minimize") is None


@pytest.mark.parametrize("goal", GOALS)
def test_equal_values_beat_each_other_neither_way_and_keep_their_order(goal):
    assert not is_better(1.0, 1.0, goal)
    rows = [SimpleNamespace(id=number, best=1.0) for number in range(5)]
    assert ranked(rows, goal) == rows


@pytest.mark.parametrize(("goal", "order"), [("maximize", "badcef"), ("minimize", "dabcef")])
def test_rows_are_ranked_best_first_with_infinities_before_nan(goal, order):
    values = {"a": 1.0, "b": 2.0, "c": math.inf, "d": 0.5, "e": math.nan, "f": None}
    rows = [SimpleNamespace(id=name, best=value) for name, value in values.items()]
    assert "".join(row.id for row in ranked(rows, goal)) == order


def test_a_gain_is_positive_for_better_whatever_the_goal():
    assert gain(0.75, 0.5, "maximize") == 0.25
    assert gain(0.5, 0.75, "maximize") == -0.25
    assert gain(0.5, 0.75, "minimize") == 0.25
    assert gain(0.75, 0.5, "minimize") == -0.25
    assert gain(0.5, 0.5, "minimize") == 0.0


@pytest.mark.parametrize("nothing", NOTHING)
def test_there_is_no_gain_without_two_finite_values(nothing):
    assert gain(nothing, 1.0, "maximize") is None
    assert gain(1.0, nothing, "maximize") is None


@pytest.mark.parametrize(
    ("phase", "counts"),
    [("valid", True), ("holdout", True), ("", True)]
    + [(phase, False) for phase in ("train", "tune", "tune2", "tune_valid", "test", "test_b")],
)
def test_only_phases_that_are_not_fitted_to_count(phase, counts):
    assert is_ranked(phase) is counts


@pytest.mark.parametrize("goal", GOALS)
def test_better_values_of_fitted_phases_never_reach_a_trials_best(tmp_path, goal):
    recorder = Recorder(tmp_path, goal=goal)
    writer = recorder.start(0)
    tempting = 100.0 if goal == "maximize" else -100.0
    writer.write(Eval(phase="valid", step=1, metrics={"score": 1.0, "other": 5.0}))
    writer.write(Eval(phase="valid", step=2, metrics={"score": 2.0, "other": 6.0}))
    for phase in ("train", "tune", "tune2", "test"):
        for step in (1, 2, 3):
            writer.write(Eval(phase=phase, step=step, metrics={"score": tempting, "other": tempting}))
    recorder.finish(0, writer)
    with Index(recorder.end()) as index:
        (trial,) = index.trials()
    best, step = (2.0, 2) if goal == "maximize" else (1.0, 1)
    assert (trial.best, trial.best_step, trial.last) == (best, step, 2.0)
    assert trial.evaluations == (1.0, 2.0)
    assert trial.best_metrics == {"score": best, "other": 4.0 + step}
