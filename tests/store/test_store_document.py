"""`show --json`: strict JSON whatever was recorded."""

import json
import math

import pytest
from builders import Recorder, every_kind

from cockpit.events.kinds import Eval, TrialStarted
from cockpit.store.document import experiment_document, plain, trial_document
from cockpit.store.history import read_history
from cockpit.store.reader import Index

EXPERIMENT = {"experiment", "status", "metric", "mode", "trials"}
TRIAL = {"id", "status", "stop_reason", "config", "seed", "best", "last", "steps", "epochs", "started", "ended"}


def strict(document):
    return json.loads(json.dumps(document, allow_nan=False))


def test_the_document_has_the_documented_keys(tmp_path):
    with Index(every_kind(tmp_path)) as index:
        document = strict(experiment_document(index))
    assert document.keys() >= EXPERIMENT
    for trial in document["trials"]:
        assert trial.keys() >= TRIAL
    assert (document["experiment"], document["name"]) == ("exp001", "exp001-hill")
    assert (document["best_trial"], document["baseline"]) == ("t001", "t000")
    assert document["started"] == "1970-01-12T13:46:40.000Z"


def test_values_that_json_does_not_have_are_null(tmp_path):
    recorder = Recorder(tmp_path, environment={"odd": math.nan, "list": [math.inf, {"a": -math.inf}]})
    recorder.trial(0, [math.nan, math.inf], config={"x": math.inf, "deep": {"y": [math.nan, 1]}})
    with Index(recorder.end()) as index:
        document = strict(experiment_document(index))
    assert document["environment"] == {"odd": None, "list": [None, {"a": None}]}
    (trial,) = document["trials"]
    assert trial["config"] == {"x": None, "deep": {"y": [None, 1]}}
    assert (trial["best"], trial["last"], trial["evaluations"]) == (None, None, [None, None])


@pytest.mark.parametrize("at", [math.nan, math.inf, 1e300, -1e18])
def test_times_outside_the_calendar_are_null(tmp_path, at):
    recorder = Recorder(tmp_path, at=at)
    recorder.ledger.write(TrialStarted(trial="t000", at=at))
    with Index(recorder.end()) as index:
        document = strict(experiment_document(index))
    assert document["started"] is None
    assert document["trials"][0]["started"] is None


@pytest.mark.parametrize(("goal", "mode"), [("maximize", "max"), ("minimize", "min"), ("odd", "min")])
def test_the_goal_is_told_as_a_mode(tmp_path, goal, mode):
    run = Recorder(tmp_path, goal=goal).trial(0, [2.0]).trial(1, [1.0]).end()
    with Index(run) as index:
        document = experiment_document(index)
    assert document["mode"] == mode
    assert document["best_trial"] == ("t000" if mode == "max" else "t001")


def test_a_trial_alone_is_the_trial_of_the_document(tmp_path):
    run = every_kind(tmp_path)
    with Index(run) as index:
        whole, attempts = experiment_document(index), read_history(run).attempts
        assert [trial_document(trial, attempts[trial.id]) for trial in index.trials()] == whole["trials"]
        (attempt,) = whole["trials"][1]["attempts"]
    assert (attempt["attempt"], attempt["after_step"], attempt["status"]) == (1, 0, "pruned")


def test_the_front_is_told_where_a_search_has_several_metrics(tmp_path):
    recorder = Recorder(tmp_path)
    for number, score in enumerate((0.5, 0.9, 0.4)):
        writer = recorder.start(number)
        writer.write(Eval(step=1, metrics={"score": score, "size": (1.0, 3.0, 2.0)[number]}))
        recorder.finish(number, writer)
    with Index(recorder.end()) as index:
        told = experiment_document(index, {"score": "maximize", "size": "minimize"})["trials"]
        assert [trial["front"] for trial in told] == [True, True, False]
        assert "front" not in experiment_document(index)["trials"][0]


def test_plain_keeps_what_json_has():
    value = {"a": [1, 2.5, "x", None, True], "b": {"c": 10**40}}
    assert plain(value) == value
    assert plain((1, math.nan)) == [1, None]
