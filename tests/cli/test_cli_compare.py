"""`cockpit compare` from the outside."""

from __future__ import annotations

import json

import pytest
from builders import Recorder

from cockpit.cli.compare import _pages


@pytest.fixture
def hills(folder):
    """Two experiments, the first with a baseline."""
    first = Recorder(folder / "logs")
    first.trial(0, [0.5], baseline=True, config={"x": 0.0, "y": 1})
    first.trial(1, [0.7], config={"x": 0.25, "y": 1}).trial(2, [0.6], config={"x": 0.5, "y": 1}).end()
    second = Recorder(folder / "logs", "exp002-other", metric="error", goal="minimize", trainer="probe")
    second.trial(0, [0.1], metric="error", config={"x": 0.0, "z": "long" * 20}).end()


def test_settings_that_differ_come_first_then_results(cockpit, hills):
    answer = cockpit("compare", "exp001/t001", "exp001/t002")
    assert (answer.code, answer.err) == (0, "")
    settings, results = answer.out.split("\n\n")
    assert [line.split() for line in settings.splitlines()] == [
        ["setting", "exp001/t001", "exp001/t002"], ["x", "0.25", "0.5"], ["seed", "1", "2"],
    ]  # fmt: skip
    columns, first, second, *remarks = results.splitlines()
    assert columns.split()[:4] == ["trial", "status", "metric", "best"]
    assert first.split()[4:7] == ["0.7000", "—", "+0.2000"]
    assert second.split()[4:7] == ["0.6000", "-0.1000", "+0.1000"]
    assert remarks == ["1 settings are equal; --all shows them"]
    assert "\ny " in cockpit("compare", "exp001/t001", "exp001/t002", "--all").out


def test_an_experiment_stands_for_its_best_and_alone_it_meets_its_baseline(cockpit, hills):
    out = cockpit("compare", "exp001").out
    assert out.splitlines()[0].split() == ["setting", "exp001/t000", "exp001/t001"]
    assert "exp001/t001: the best of its experiment" in out
    out = cockpit("compare", "exp001", "exp002").out
    assert "different aims (exp001 maximizes score, exp002 minimizes error), so their values do not compare" in out
    assert "trainer" in out
    assert "longlonglonglonglonglonglon…" in out


def test_json_has_the_values_themselves(cockpit, hills):
    document = json.loads(cockpit("compare", "exp001", "exp002", "--json").out)
    assert document["trials"] == ["exp001/t001", "exp002/t000"]
    settings = {row["name"]: row["values"] for row in document["settings"]}
    assert settings["x"] == [0.25, 0.0]
    assert settings["z"] == [None, "long" * 20]
    assert settings["trainer"] == ["toy", "probe"]
    assert [result["best"] for result in document["results"]] == [0.7, 0.1]


def test_what_is_not_there_is_refused(cockpit, hills, folder):
    assert "no such experiment" in cockpit("compare", "exp009").complaint
    Recorder(folder / "logs", "exp003-empty").end()
    assert "exp003: no trial of it has a value yet" in cockpit("compare", "exp003").complaint


def test_columns_that_do_not_fit_beside_each_other_go_below():
    assert _pages([10, 10, 10], 80) == [(0, 3)]
    assert _pages([10, 10, 10], 24) == [(0, 2), (2, 3)]
    assert _pages([90, 10, 10], 24) == [(0, 1), (1, 3)]
    assert _pages([90], 10) == [(0, 1)]
