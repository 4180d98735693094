"""Which trial is best in what: only what compares is compared, and a merge is no model."""

from __future__ import annotations

import time

import pytest
from builders import Recorder

from cockpit.events.kinds import Eval
from cockpit.store.scores import Score, append_score
from cockpit.store.standings import by_cv, by_lb, entries_of


def scored(run, value, **fields):
    append_score(run, Score(value, **{"private": False, "at": 1.0, "who": "me", **fields}))


def entries(*runs, all_trials=False):
    return [entry for run in runs for entry in entries_of(run, time.time(), all_trials=all_trials)]


def experiment(logs, number, values, **fields):
    recorder = Recorder(logs, f"exp{number:03d}-hill", **fields)
    for trial, value in enumerate(values):
        recorder.trial(trial, [value])
    return recorder.end()


def labels(standing):
    return [entry.label for entry in standing.entries]


def test_the_best_trial_of_each_experiment_stands_with_both_ranks(tmp_path):
    runs = [experiment(tmp_path, n, values) for n, values in ((1, [0.1, 0.5]), (2, [0.7]), (3, [0.6, 0.2]))]
    for run, score in zip(runs, (0.9, 0.8, 0.85), strict=True):
        scored(run, score)
    (standing,) = by_cv(entries(*runs))
    assert [(e.label, e.cv, e.lb, e.cv_rank, e.lb_rank) for e in standing.entries] == [
        ("exp002/t000", 0.7, 0.8, 1, 3),
        ("exp003/t000", 0.6, 0.85, 2, 2),
        ("exp001/t001", 0.5, 0.9, 3, 1),
    ]
    assert standing.agreement.spearman.value == -1.0
    (standing,) = by_lb(entries(*runs))
    assert labels(standing) == ["exp001/t001", "exp003/t000", "exp002/t000"]


def test_only_the_same_trainer_metric_and_data_are_compared_by_cv(tmp_path):
    runs = [
        experiment(tmp_path, 1, [0.5]),
        experiment(tmp_path, 2, [0.6], trainer="matching"),
        experiment(tmp_path, 3, [0.7], data="/data/other"),
        experiment(tmp_path, 4, [0.8]),
    ]
    for run in runs:
        scored(run, 0.5)
    assert sorted(map(labels, by_cv(entries(*runs)))) == [
        ["exp002/t000"],
        ["exp003/t000"],
        ["exp004/t000", "exp001/t000"],
    ]
    (standing,) = by_lb(entries(*runs))  # whatever was trained, on whatever
    assert len(standing.entries) == 4
    assert {entry.lb_rank for entry in standing.entries} == {1}


def test_lower_is_better_where_the_metric_says_so(tmp_path):
    runs = [experiment(tmp_path, n, [value], goal="minimize") for n, value in ((1, 0.5), (2, 0.3))]
    (standing,) = by_cv(entries(*runs))
    assert labels(standing) == ["exp002/t000", "exp001/t000"]


@pytest.mark.parametrize("phase", ["tune", "tune_valid", "test", "train"])
def test_fine_tuning_and_tests_never_count(tmp_path, phase):
    recorder = Recorder(tmp_path)
    writer = recorder.start(0)
    writer.write(Eval(step=1, metrics={"score": 0.4}))
    writer.write(Eval(phase=phase, step=2, metrics={"score": 0.9}))
    recorder.finish(0, writer)
    ((entry,),) = [standing.entries for standing in by_cv(entries(recorder.end()))]
    assert entry.cv == 0.4


def test_scores_of_single_trials_are_theirs_and_merges_stand_as_merges(tmp_path):
    run = experiment(tmp_path, 1, [0.5, 0.6, 0.7, 0.4])
    for trial, value in (("t000", 0.93), ("t001", 0.95), ("t003", 0.94)):
        scored(run, value, trial=trial)
    scored(run, 0.97, merged=("V22", "V21"), note="just better")
    scored(run, 0.5, trial="t001", private=True)
    (standing,) = by_lb(entries(run))
    assert labels(standing) == ["exp001: V22 + V21", "exp001/t001", "exp001/t003", "exp001/t000"]
    merge = standing.entries[0]
    assert (merge.is_merge, merge.cv, merge.cv_rank, merge.question) == (True, None, None, "just better")
    assert standing.agreement.pairs == 3
    (by_value,) = by_cv(entries(run))
    assert labels(by_value) == ["exp001/t002", "exp001/t001", "exp001/t000", "exp001/t003"]
    (private,) = by_lb(entries(run), private=True)
    assert [(entry.label, entry.private) for entry in private.entries] == [("exp001/t001", 0.5)]


def test_a_blend_is_a_merge_and_no_pair_of_the_correlation(tmp_path):
    runs = [experiment(tmp_path, n, [n / 10]) for n in (1, 2, 3)]
    runs.append(experiment(tmp_path, 4, [0.9], trainer="blend"))
    for run in runs:
        scored(run, 0.5 + run.path.stat().st_mtime % 1e-3 + int(run.id[-1]) / 10)
    (standing,) = by_lb(entries(*runs))
    assert [entry.is_merge for entry in standing.entries] == [True, False, False, False]
    assert standing.agreement.pairs == 3


def test_all_trials_of_an_experiment_or_none_of_a_second_run_of_a_trial(tmp_path):
    run = experiment(tmp_path, 1, [0.5, 0.6])
    again = experiment(tmp_path, 2, [0.6], extra={"rerun_of": "exp001/t001"})
    assert [entry.label for entry in entries(run, again)] == ["exp001/t001"]
    assert [entry.label for entry in entries(run, again, all_trials=True)] == [
        "exp001/t000", "exp001/t001", "exp002/t000",
    ]  # fmt: skip


def test_one_that_cannot_be_read_is_passed_over(tmp_path):
    run = experiment(tmp_path, 1, [0.5])
    broken = experiment(tmp_path, 2, [0.6])
    broken.sweep.write_text("")
    assert [entry.label for entry in entries(run, broken)] == ["exp001/t000"]


def test_runs_that_repeat_or_confirm_have_no_rank_and_the_verdict_is_that_of_the_best(tmp_path):
    recorder = Recorder(tmp_path, "exp001-hill", extra={"confirm": 2}).trial(0, [0.5], baseline=True).trial(1, [0.6])
    for number in range(2, 6):
        pair, side = divmod(number - 2, 2)
        config = {"x": side / 10, "seed": 1 + pair}
        extra = {"confirms": f"t00{side}", "pair": pair}
        recorder.trial(number, [0.7 + side * 0.2 + pair * side / 1000], config=config, extra=extra)
    (standing,) = by_cv(entries(recorder.end(), all_trials=True))
    assert [(e.label, e.cv, e.verdict) for e in standing.entries] == [
        ("exp001/t001", 0.6, "✅"),
        ("exp001/t000", 0.5, ""),
    ]
