"""What a second look means, and how it is kept."""

from __future__ import annotations

import copy
from typing import Any

import pytest
from builders import Recorder

from cockpit.checks.finding import LEAK, OK, REMARK, UNKNOWN, WARNING, Finding
from cockpit.checks.kept import keep, looks
from cockpit.checks.verdicts import tolerance, verdicts
from cockpit.diary import book

METRICS = {"auc": 0.8, "loss": 0.5}


def answer(**changes: Any) -> dict[str, Any]:
    look = {"metrics": dict(METRICS), "batches": 2, "withheld": ["label"], "rows": 100_000, "moved": 0, "largest": 1e-6}
    looks = {name: copy.deepcopy(look) for name in ("recorded", "shuffled", "alone", "withheld")}
    looks["alone"]["batches"] = 514
    whole = {
        "device": "cpu",
        "step": 7,
        "metric": "auc",
        "ranked": ["auc", "loss"],
        "recorded": dict(METRICS),
        "data_changed": False,
        "looks": looks,
        "groups": {"noun": "groups", "apart": True, "shared": 0, "of": 9, "rows": 0, "examples": []},
    }
    for path, value in changes.items():
        *parts, last = path.split("__")
        place = whole
        for part in parts:
            place = place[part]
        place[last] = value
    return whole


def levels(found: list[Finding]) -> dict[str, str]:
    return {one.check: one.level for one in found if one.level != OK}


def test_a_model_that_says_the_same_however_it_is_asked_is_fine():
    found = verdicts(answer())
    assert levels(found) == {}
    assert [one.check for one in found] == ["reproduced", "order", "batch 1", "labels withheld", "groups apart"]
    assert "(about 512 of 100000, the others as before)" in found[2].text


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"looks__shuffled__metrics": {"auc": 0.7, "loss": 0.5}}, {"order": LEAK}),
        ({"looks__alone__metrics": {"auc": float("nan"), "loss": 0.5}}, {"batch 1": LEAK}),
        ({"looks__alone__moved": 3}, {"batch 1": LEAK}),
        ({"looks__alone": {"error": "ValueError: one value"}}, {"batch 1": LEAK}),
        ({"looks__withheld__metrics": {"auc": 0.8, "loss": 0.6}}, {"labels withheld": LEAK}),
        ({"looks__shuffled__rows": 0}, {"order": UNKNOWN}),
        ({"recorded": {"auc": 0.81, "loss": 0.5}}, {"reproduced": WARNING}),
        ({"recorded": None}, {"reproduced": UNKNOWN}),
        ({"groups": None}, {"groups apart": UNKNOWN}),
        ({"groups__shared": 2, "groups__rows": 5}, {"groups apart": LEAK}),
        ({"groups__shared": 2, "groups__rows": 5, "groups__apart": False}, {"groups apart": REMARK}),
        ({"looks__shuffled__metrics": {"auc": 0.80011, "loss": 0.50011}}, {}),
    ],
)
def test_each_way_of_looking_has_its_verdict(changes, expected):
    assert levels(verdicts(answer(**changes))) == expected


def test_a_shift_is_told_with_its_size():
    found = verdicts(answer(looks__shuffled__metrics={"auc": 0.7, "loss": 0.5}, looks__shuffled__moved=1))
    assert "auc 0.8000 → 0.7000 (-0.1000) when rows come in another order, and the output of 1 of 100000 rows" in (
        found[1].text
    )


def test_what_is_counted_may_move_by_two_rows():
    assert tolerance(0.5, 100) == pytest.approx(0.0201)
    assert tolerance(100.0, 10**9) == pytest.approx(0.01)


def test_the_newest_look_at_each_trial_is_kept_and_stands_in_the_diary(tmp_path):
    run = Recorder(tmp_path).trial(0, [0.1]).trial(1, [0.2]).trial(2, [0.3]).end()
    keep(run, "t000", [Finding("order", LEAK, "moves\x1b[31m by `0.1` <!-- x")])
    keep(run, "t001", [Finding("order", LEAK, "moves")])
    with run.checks.open("ab") as file:
        file.write(b'torn\n[]\n{"trial": "../x", "at": 0, "findings": []}\n')
        file.write(b'{"trial": "t001", "at": 0, "findings": [{"check": "order", "level": "fine", "text": ""}]}\n{"tr')
    keep(run, "t001", [Finding("order", OK, "no shift"), Finding("batch 1", OK, "no shift")])
    keep(run, "t002", [Finding("second look", UNKNOWN, "there is no checkpoint")])
    assert list(looks(run)) == ["t000", "t001", "t002"]
    book.write_entry(tmp_path, run)
    lines = [line for line in book.read(tmp_path).splitlines() if line.startswith("- ")]
    assert lines == [
        "- ⚠ t000, order: moves by \\`0.1\\` \\<!-- x",
        "- t001 checked: order, batch 1: no shift",
        "- t002 could not be checked: there is no checkpoint",
    ]
