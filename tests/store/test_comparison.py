"""Trials side by side."""

import math

import pytest
from builders import Recorder

from cockpit.events.kinds import Eval, Norms, Step
from cockpit.store.comparison import norms_text, remarks, result_rows, setting_rows, subject
from cockpit.store.reader import Index
from cockpit.store.rows import NormSummary


def read(run, trial=""):
    with Index(run) as index:
        return subject(index.sweep(), index.trials(), trial)


@pytest.fixture
def hill(tmp_path):
    recorder = Recorder(tmp_path)
    recorder.trial(0, [0.1, 0.2], config={"x": 0.5, "y": 1}, baseline=True)
    recorder.trial(1, [0.7, 0.6], config={"x": 0.5, "y": 2})
    recorder.trial(2, [], config={"x": 0.5, "z": True}, status="failed")
    return recorder.end()


def test_an_experiment_stands_for_its_best_trial(hill):
    best = read(hill)
    assert (best.label, best.is_best) == ("exp001/t001", True)
    named = read(hill, "t000")
    assert (named.label, named.is_best) == ("exp001/t000", False)


def test_what_is_not_there_is_nobody(hill, tmp_path):
    assert read(hill, "t009") is None
    empty = Recorder(tmp_path, "exp002-empty")
    empty.start(0)
    assert read(empty.end()) is None


def test_settings_that_differ_come_first(hill):
    rows = setting_rows([read(hill, "t000"), read(hill, "t001"), read(hill, "t002")])
    assert [(row.name, row.texts, row.differs) for row in rows] == [
        ("y", ("1", "2", ""), True),
        ("z", ("", "", "True"), True),
        ("seed", ("0", "1", "2"), True),
        ("x", ("0.5", "0.5", "0.5"), False),
    ]


@pytest.mark.parametrize(
    ("values", "texts", "differs"),
    [
        ((1, 1.0), ("1", "1"), False),
        ((1, True), ("1", "True"), True),
        ((0.12345, 0.12349), ("0.12345", "0.12349"), True),
        ((math.nan, math.nan), ("nan", "nan"), False),
        ((None, 0), ("—", "0"), True),
        (("", "a"), ("", "a"), True),
        ((1e-5, 0.00001), ("1.0e-05", "1.0e-05"), False),
        (([1, 2], [1, 2]), ("[1, 2]", "[1, 2]"), False),
        ((10**400, 10**400 + 1), (str(10**400), str(10**400 + 1)), True),
    ],
)
def test_values_are_told_apart_exactly(hill, values, texts, differs):
    subjects = [read(hill, "t000"), read(hill, "t001")]
    for each, value in zip(subjects, values, strict=True):
        each.trial.config["v"] = value
    row = next(row for row in setting_rows(subjects) if row.name == "v")
    assert (row.texts, row.differs) == (texts, differs)


def test_what_was_read_back_goes_before_what_was_wanted(hill):
    each = read(hill, "t000")
    each.trial.config.update(lr=1.0, m=2)
    each.trial.effective.update(lr=0.5)
    assert (each.settings["lr"], each.settings["m"]) == (0.5, 2)


def test_of_several_experiments_it_is_said_what_they_were_made_with(hill, tmp_path):
    other = Recorder(tmp_path, "exp002-hill", trainer="matching", goal="minimize")
    other.trial(0, [0.3], config={"x": 0.5, "goal": "win"})
    rows = {row.name: row for row in setting_rows([read(hill), read(other.end())])}
    assert rows["trainer"].texts == ("toy", "matching")
    assert rows["goal"].texts == ("", "win")  # a setting of that name counts
    assert not rows["metric"].differs
    assert "data" not in rows  # neither says
    assert "trainer" not in {row.name for row in setting_rows([read(hill, "t000"), read(hill, "t001")])}


def test_results_are_against_the_first_and_against_the_baseline(hill):
    rows = result_rows([read(hill, "t001"), read(hill, "t000"), read(hill, "t002")], now=0.0)
    assert [(row.best, row.last) for row in rows] == [(0.7, 0.6), (0.2, 0.2), (None, None)]
    assert [row.over_first for row in rows] == [None, pytest.approx(-0.5), None]
    assert [row.over_baseline for row in rows] == [pytest.approx(0.5), None, None]
    assert rows[0].seconds == 4.0


def test_a_running_trial_tells_its_time_so_far(tmp_path):
    recorder = Recorder(tmp_path)
    recorder.start(0).write(Eval(step=1, metrics={"score": 0.5}))
    (row,) = result_rows([read(recorder.run)], now=1_000_100.0)
    assert row.seconds == pytest.approx(99.0)
    (early,) = result_rows([read(recorder.run)], now=0.0)
    assert early.seconds == 0.0


def test_where_less_is_better_a_smaller_value_is_a_gain(tmp_path):
    recorder = Recorder(tmp_path, goal="minimize")
    recorder.trial(0, [0.5]).trial(1, [0.3])
    run = recorder.end()
    rows = result_rows([read(run, "t000"), read(run, "t001")], now=0.0)
    assert rows[1].over_first == pytest.approx(0.2)


def test_values_of_different_things_are_not_subtracted(hill, tmp_path):
    other = Recorder(tmp_path, "exp002-loss", metric="loss", goal="minimize")
    other.trial(0, [0.3], metric="loss")
    subjects = [read(hill), read(other.end())]
    assert result_rows(subjects, now=0.0)[1].over_first is None
    assert list(remarks(subjects)) == [
        "different aims (exp001 maximizes score, exp002 minimizes loss), so their values do not compare",
        "each trial is the best of its experiment",
    ]


def test_a_best_trial_among_others_is_named(hill, tmp_path):
    other = Recorder(tmp_path, "exp002-hill")
    other.trial(4, [0.9])
    assert list(remarks([read(hill, "t000"), read(other.end())])) == ["exp002/t004: the best of its experiment"]
    assert list(remarks([read(hill, "t000"), read(hill, "t001")])) == []
    assert list(remarks([])) == []


def test_norms_are_told_by_group(tmp_path):
    recorder = Recorder(tmp_path)
    writer = recorder.start(0)
    writer.write(Step(step=1, metrics={"loss": 1.0}))
    for step, grad in ((1, 1.0), (2, 3.0)):
        writer.write(Norms(step=step, group="body", grad_mean=grad, grad_max=10 * grad))
        writer.write(Norms(step=step, group="head", grad_mean=grad / 100, grad_max=grad, nonfinite=1))
    with Index(recorder.run) as index:
        text = norms_text(index.norm_summary("t000"))
    assert text == "body 2 ≤ 30 · head 0.02 ≤ 3 (2 not finite)"
    assert norms_text([]) == ""
    assert norms_text([NormSummary("g", 1, 1.0, math.nan, math.inf, 0, 0.0)]) == "g NaN ≤ NaN"


def test_norms_can_be_added_later(hill):
    each = read(hill)
    summary = NormSummary("g", 1, 1.0, 2.0, 3.0, 0, 0.0)
    assert each.with_norms([summary]).norms == (summary,)
    assert each.norms == ()
