"""`cockpit importance` from the outside."""

import json

import pytest
from builders import Recorder

from cockpit.store.folder import RunFolder
from cockpit.store.importance import read_importance


@pytest.fixture
def peaked(folder):
    """Twenty trials whose score is all x."""
    recorder = Recorder(folder / "logs", varied=["x", "kind"])
    for number in range(20):
        x = number * 7 % 20 / 20
        recorder.trial(number, [-abs(x - 0.5)], config={"x": x, "kind": "ab"[number % 2]})
    return recorder.end()


def test_the_table_says_what_matters_and_where_the_best_are(cockpit, peaked):
    answer = cockpit("importance", "exp001")
    assert (answer.code, answer.err) == (0, "")
    heading, columns, first, second = answer.out.splitlines()
    assert heading == "exp001 hill: score over 20 trials"
    assert columns.split() == ["parameter", "importance", "best", "trials", "have"]
    assert first.split()[0] == "x"
    assert "█" in first
    assert first.endswith("0.4 – 0.55") or first.endswith("0.45 – 0.6")
    assert second.split()[0] == "kind"


def test_json_has_everything(cockpit, peaked):
    document = json.loads(cockpit("importance", "latest", "--json").out)
    assert {name: document[name] for name in ("experiment", "metric", "trials", "why", "choices", "left_out")} == {
        "experiment": "exp001",
        "metric": "score",
        "trials": 20,
        "why": "",
        "choices": ["kind"],
        "left_out": [],
    }
    assert list(document["importance"]) == ["x", "kind"]
    assert sum(document["importance"].values()) == pytest.approx(1.0)
    assert len(document["ranges"]["x"]) == 2
    assert set(document["ranges"]["kind"]) <= {"a", "b"}


def test_too_few_trials_are_said_and_no_number_is_made_up(cockpit, folder):
    Recorder(folder / "logs").trial(0, [0.5]).end()
    answer = cockpit("importance", "exp001")
    assert "importance cannot be told: 1 trial with a value of score; it takes 4 to tell" in answer.out
    row = answer.out.splitlines()[-1]
    assert "—" in row
    assert "█" not in row
    assert json.loads(cockpit("importance", "exp001", "--json").out)["importance"] == {"x": 1.0}


def test_where_nothing_was_varied_there_is_no_table(cockpit, folder):
    Recorder(folder / "logs", varied=[]).trial(0, [0.5]).end()
    heading, why = cockpit("importance", "exp001").out.splitlines()
    assert heading == "exp001 hill: score over 1 trial"
    assert why == "importance cannot be told: nothing was varied"


def test_an_experiment_that_is_not_there_is_refused(cockpit):
    assert "no experiments here" in cockpit("importance", "exp009").complaint


def test_it_is_worked_out_once_for_the_same_trials(cockpit, peaked):
    first = cockpit("importance", "exp001", "--json").out
    kept = json.loads(peaked.importance.read_text())
    kept["shares"] = {"x": 0.5, "kind": 0.5}
    peaked.importance.write_text(json.dumps(kept))
    assert json.loads(cockpit("importance", "exp001", "--json").out)["importance"] == {"x": 0.5, "kind": 0.5}
    peaked.importance.write_text(json.dumps({**kept, "of": "others"}))
    assert cockpit("importance", "exp001", "--json").out == first


def test_a_sweep_that_has_ended_leaves_it_for_the_diary(recorded):
    assert set(read_importance(RunFolder(recorded / "exp001-hill"))) == {"x", "y"}
