"""`cockpit blend` from the outside: a new experiment like any other."""

import json
import re

import numpy as np
import pytest
from predicted import experiment, noisy, part

from cockpit.store.folder import RunFolder
from trainers.predictions import read_predictions


@pytest.fixture
def logs(folder):
    for number, (seed, noise) in enumerate(((1, 0.9), (2, 1.0), (3, 1.4)), start=1):
        experiment(folder / "logs", f"exp00{number}-m", noisy(seed, noise))
    return folder / "logs"


def test_members_are_merged_in_every_way_and_recorded(cockpit, logs):
    answer = cockpit("blend", "exp001", "exp002", "exp003", "--trials", "12")
    assert (answer.code, answer.err) == (0, "")
    lines = answer.out.splitlines()
    assert lines[0] == "120 rows that all have, 1 column"
    assert lines[1].split() == ["method", "auc", "in", "sample", "gain", "interval", "weights"]
    assert [line.split()[0] for line in lines[2:10]] == ["single"] * 3 + ["mean", "rank", "power", "weights", "climb"]
    assert re.search(r"\[[+-]0\.\d{4}, [+-]0\.\d{4}\] +exp001 0\.33, exp002 0\.33, exp003 0\.33$", lines[5])
    assert lines[10].startswith("recorded as exp004-blend; ")
    # Nothing is told apart from other experiments.
    assert cockpit("ls").out.splitlines()[-1].split()[:4] == ["exp004", "blend", "✓", "finished"]
    shown = json.loads(cockpit("show", "exp004", "--json").out)
    assert (shown["status"], shown["metric"], shown["varied"]) == ("finished", "auc", ["method", "members"])
    assert [trial["config"]["method"] for trial in shown["trials"]] == [line.split()[0] for line in lines[2:10]]
    singles, merged = shown["trials"][:3], shown["trials"][3:]
    best = max(singles, key=lambda trial: trial["best"])
    assert best["baseline"]
    for trial in merged:
        metrics = trial["best_metrics"]
        assert metrics["gain"] == pytest.approx(trial["best"] - best["best"])
        assert metrics["gain_low"] <= metrics["gain"] <= metrics["gain_high"]
        assert ("auc_in_sample" in metrics) == (trial["config"]["method"] in ("weights", "climb"))
        assert sum(trial["config"][f"weight.exp00{number}"] for number in (1, 2, 3)) == pytest.approx(1.0)
    steps = cockpit("steps", "exp004/t003").out.splitlines()
    assert len(steps) == 2
    assert steps[1].split()[0] == "valid"
    assert cockpit("reindex", "exp004").code == 0
    assert json.loads(cockpit("show", "exp004", "--json").out) == shown


def test_weights_score_no_better_than_rows_they_have_not_seen_say(cockpit, folder, logs):
    """Twenty members of pure noise: fitted weights look good on their own rows, and the record says they are not."""
    for number in range(20):
        experiment(folder / "noise", f"exp{number + 1:03d}-n", noisy(100 + number, 50.0))
    names = [f"exp{number + 1:03d}" for number in range(20)]
    answer = cockpit("blend", *names, "--method", "climb", "--json", "--logs", "noise")
    document = json.loads(answer.out)
    (climb,) = [trial for trial in document["trials"] if trial["method"] == "climb"]
    assert climb["auc_in_sample"] > 0.6
    assert climb["auc"] < climb["auc_in_sample"] - 0.08
    assert document["experiment"] == "exp021"


def test_a_blend_can_be_blended_and_keeps_what_was_scored(cockpit, logs):
    document = json.loads(cockpit("blend", "exp001", "exp002", "--method", "mean", "--name", "two", "--json").out)
    assert (document["name"], document["rows"], document["dropped"]) == ("exp004-two", 120, {"exp001": 0, "exp002": 0})
    kept = read_predictions(RunFolder(logs / "exp004-two").trial("t002").path / "predictions.npz")
    np.testing.assert_allclose(kept.scores, (noisy(1, 0.9).scores + noisy(2, 1.0).scores) / 2, rtol=1e-6)
    again = json.loads(cockpit("blend", "exp004/t002", "exp003", "--method", "rank", "--json").out)
    assert again["members"] == {"exp004/t002": ["t002"], "exp003": ["t000"]}
    assert again["trials"][0]["auc"] == pytest.approx(document["trials"][2]["auc"])


def test_rows_that_not_all_have_are_left_out_and_told_of(cockpit, folder, logs):
    experiment(logs, "exp004-m", part(noisy(4, 1.0), slice(0, 100)))
    out = cockpit("blend", "exp001", "exp004", "--method", "mean").out.splitlines()
    assert out[:2] == ["100 rows that all have, 1 column", "exp001: 20 rows left out, which not all have"]


def test_a_method_that_does_not_go_with_the_scores_is_left_out_or_refused(cockpit, logs):
    below = noisy(9, 1.0)
    experiment(logs, "exp004-m", type(below)(**{**vars(below), "scores": below.scores - 1.0}))
    out = cockpit("blend", "exp001", "exp004", "--trials", "5").out
    assert "power: left out, because scores below 0 have no power mean" in out
    assert "\nmean " in out
    assert "power: scores below 0" in cockpit("blend", "exp001", "exp004", "--method", "power").complaint


@pytest.mark.parametrize(
    ("words", "complaint"),
    [
        (["exp001"], "exp001: cannot be merged with nothing"),
        (["exp001", "exp001"], "exp001: is named twice"),
        (["exp001", "exp009"], "exp009: no such experiment"),
        (["exp001", "exp002/t007"], "exp002/t007: no such trial"),
        (["exp001", "exp002", "--method", "vote"], "'vote' is not one of"),
        (["exp001", "exp002", "--trials", "0"], "0 is not in the range"),
        ([], "Missing argument"),
    ],
)
def test_what_cannot_be_blended_is_one_line_and_leaves_no_experiment(cockpit, logs, words, complaint):
    assert complaint in cockpit("blend", *words).complaint
    assert len(list(logs.glob("exp*"))) == 3
