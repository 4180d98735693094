"""`cockpit best` from the outside."""

from __future__ import annotations

import json

import pytest
from builders import Recorder

from cockpit.store.scores import Score, append_score


def scored(run, value, **fields):
    append_score(run, Score(value, **{"private": False, "at": 1.0, "who": "me", **fields}))


@pytest.fixture
def four(folder):
    """Four experiments whose CV and LB disagree, and a merge of two."""
    for number, (cv, lb) in enumerate(((0.5, 0.73), (0.6, 0.72), (0.7, 0.71), (0.8, 0.70)), start=1):
        run = Recorder(folder / "logs", f"exp{number:03d}-hill", question=f"Is {cv} good?").trial(0, [cv, 0.1]).end()
        scored(run, lb)
        scored(run, 1 - lb, private=True)
    scored(run, 0.9, merged=("exp001", "exp002"))


def test_by_cross_validation_with_the_leaderboard_beside(cockpit, four):
    answer = cockpit("best")
    assert (answer.code, answer.err) == (0, "")
    heading, columns, *rows, last = answer.out.splitlines()
    assert heading == "score (higher is better): toy"
    assert columns.split() == ["trial", "CV", "#", "LB", "#", "LB", "question"]
    assert [row.split()[:5] for row in rows] == [
        ["exp004/t000", "0.8000", "1", "0.7", "4"],
        ["exp003/t000", "0.7000", "2", "0.71", "3"],
        ["exp002/t000", "0.6000", "3", "0.72", "2"],
        ["exp001/t000", "0.5000", "4", "0.73", "1"],
    ]
    assert last.startswith("CV and LB over 4 pairs: Spearman -1.00 [-1.00, -1.00]")


def test_by_the_leaderboard_merges_are_merges(cockpit, four):
    answer = cockpit("best", "--by", "lb", "--top", "2")
    _, _, first, second, more, agreement = answer.out.splitlines()
    assert first.startswith("exp004: exp001 + exp002") and first.split()[4:] == ["—", "0.9", "1", "merge"]
    assert second.split()[:5] == ["exp001/t000", "0.5000", "4", "0.73", "2"]
    assert more == "and 3 more; --top shows them"
    assert "a better CV goes with a worse LB" in agreement
    private = cockpit("best", "--by", "lb", "--private").out.splitlines()
    assert "private LB" in private[1]
    assert private[2].startswith("exp004/t000")


def test_all_trials_of_an_experiment_and_json(cockpit, folder):
    Recorder(folder / "logs").trial(0, [0.5]).trial(1, [0.7]).trial(2, [0.6]).end()
    document = json.loads(cockpit("best", "exp001", "--json").out)
    (group,) = document["groups"]
    assert (document["by"], group["metric"], group["goal"], group["count"], group["agreement"]) == (
        "cv", "score", "maximize", 3, None,
    )  # fmt: skip
    assert [(entry["label"], entry["cv"], entry["cv_rank"]) for entry in group["entries"]] == [
        ("exp001/t001", 0.7, 1), ("exp001/t002", 0.6, 2), ("exp001/t000", 0.5, 3),
    ]  # fmt: skip


def test_nothing_to_rank_is_said(cockpit, folder):
    assert cockpit("best").out == "Nothing in logs has an evaluation.\n"
    Recorder(folder / "logs").trial(0, [0.5]).end()
    said = cockpit("best", "--by", "lb").out
    assert said == "Nothing in logs has a score of the leaderboard; `cockpit score EXP VALUE` enters one.\n"
